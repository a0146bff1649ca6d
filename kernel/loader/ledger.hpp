// What a plugin holds of the host right now: each with its place and its age.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace kernel::loader {

enum class Holding : std::uint8_t {
  control,    // create, start, stop
  request,    // a handler on a worker
  pending,    // a request whose answer comes later
  stream,     // an event stream, or a body that is sent or read in pieces
  operation,  // called by another plugin
  task,       // a timer or schedule that runs
  job,        // of a durable queue
  event,      // a delivery to a subscriber
  workflow,   // a step
  outbound,   // a call to an upstream
  channel,    // an open stream to an upstream, and what it brings
  database,   // an open transaction
  lease       // an output the plugin has not given back
};
std::string_view to_string(Holding kind) noexcept;

/// Of one plugin. Thread-safe; entering and leaving take tens of nanoseconds.
class Ledger {
 public:
  using Clock = std::chrono::steady_clock;

  Ledger() { ends_.next = ends_.previous = &ends_; }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

 private:
  struct Link {
    Link* next = nullptr;
    Link* previous = nullptr;
  };

 public:
  /// Holds its line from construction to destruction. The texts are borrowed: they outlive it.
  class Entry : private Link {
   public:
    Entry(Ledger& ledger, Holding kind, std::string_view place, std::string_view correlation_id = {});
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    friend class Ledger;
    Ledger& ledger_;
    const Holding kind_;
    const std::string_view place_;
    const std::string_view correlation_id_;
    const Clock::time_point since_;
  };

  struct Line {
    Holding kind;
    std::string place;
    std::string correlation_id;
    std::chrono::microseconds age;
  };
  /// Oldest first.
  std::vector<Line> lines() const;
  std::size_t size() const;
  /// Of these, calls and what goes on in the plugin's name; not what it only has not given back
  /// (transactions, leases).
  std::size_t calls() const;
  /// Entries made since the beginning.
  std::uint64_t entered() const;

 private:
  mutable std::mutex mutex_;
  Link ends_;  // of a ring
  std::size_t size_ = 0;
  std::size_t not_given_back_ = 0;
  std::uint64_t entered_ = 0;
};

}  // namespace kernel::loader
