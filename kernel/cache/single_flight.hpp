// One load per key at a time: who leads, who waits, and what failed a moment ago.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "kernel/cache/cache.hpp"
#include "kernel/cache/local_tier.hpp"

namespace kernel::cache {

/// One load and everybody who waits for it.
struct Flight {
  explicit Flight(Snapshot s) : snapshot(std::move(s)) {}

  enum class End { none, answered, failed, abandoned };

  /// Waits for the end; none past the deadline.
  End wait(Deadline deadline);

  const Snapshot snapshot;
  std::mutex mutex;
  std::condition_variable ended;
  End end = End::none;
  Answer answer;             // when answered
  std::exception_ptr error;  // when failed
};
/// Shared by the leader, its followers and the table.
using FlightPtr = std::shared_ptr<Flight>;

/// Thread-safe.
class SingleFlight {
 public:
  explicit SingleFlight(std::chrono::microseconds failure_life) : failure_life_(failure_life) {}

  /// The flight to wait for, or a new one to lead (true).
  std::pair<FlightPtr, bool> join(const std::string& key, Snapshot snapshot);

  void answered(const std::string& key, const FlightPtr& flight, Answer answer);
  void failed(const std::string& key, const FlightPtr& flight, std::exception_ptr error);
  /// The leader gave up for a reason of its own: somebody else may lead.
  void abandoned(const std::string& key, const FlightPtr& flight);

  void remember_failure(const std::string& key, std::exception_ptr error, const Snapshot& snapshot,
                        WallTime now);
  /// Null when the last load did not fail lately, or a tag was raised since.
  std::exception_ptr recent_failure(const std::string& key, WallTime now);

 private:
  struct Failure {
    std::exception_ptr error;
    Snapshot snapshot;
    WallTime until;
  };
  void finish(const std::string& key, const FlightPtr& flight, Flight::End end);

  const std::chrono::microseconds failure_life_;
  std::mutex mutex_;
  std::unordered_map<std::string, FlightPtr> flights_;
  std::unordered_map<std::string, Failure> failures_;
};

}  // namespace kernel::cache
