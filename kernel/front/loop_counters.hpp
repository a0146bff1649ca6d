// What one event loop counts: written by its thread alone, read by anybody, carried to the metrics once a
// turn.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "kernel/front/limits.hpp"

namespace kernel::observe {
class Counter;
class Gauge;
}  // namespace kernel::observe

namespace kernel::front {

class LoopCounters {
 public:
  LoopCounters();

  /// A number with one writer: a plain add, no locked instruction.
  class Tally {
   public:
    void add(std::uint64_t n) noexcept {
      value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t n) noexcept { add(~n + 1); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::uint64_t> value_{0};
  };

  Tally connections;  // open
  Tally accepted;
  Tally requests;
  Tally in_flight;
  Tally bytes_in;
  Tally bytes_out;
  std::array<Tally, kRefusals> refused;

  void count(Refusal refusal) noexcept { refused[static_cast<std::size_t>(refusal)].add(1); }
  std::uint64_t refused_in_all() const noexcept;

  /// Adds what is new to portico_http_{connections,refused_total,received_bytes_total,sent_bytes_total}.
  void publish() noexcept;

 private:
  struct Published {
    std::uint64_t connections = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t refused_in_all = 0;
    std::array<std::uint64_t, kRefusals> refused{};
  } published_;
  observe::Gauge& connections_metric_;
  observe::Counter& bytes_in_metric_;
  observe::Counter& bytes_out_metric_;
  std::array<observe::Counter*, kRefusals> refused_metrics_{};
};

}  // namespace kernel::front
