// What a plugin has cost so far, besides the processor time of its workers.
#pragma once

#include <atomic>
#include <cstdint>

namespace kernel::loader {

/// Sums since the plugin started; relaxed, since each is read alone.
struct Usage {
  std::atomic<std::uint64_t> calls{0};        // into the plugin: handlers, operations, tasks
  std::atomic<std::uint64_t> errors{0};       // of these, answered with a failure of 5xx or a status below 0
  std::atomic<std::uint64_t> database_us{0};  // waiting for statements
  std::atomic<std::uint64_t> outbound_calls{0};
  std::atomic<std::uint64_t> bytes_in{0};   // bodies of upstreams' replies
  std::atomic<std::uint64_t> bytes_out{0};  // bodies of its answers

  void add(std::atomic<std::uint64_t>& sum, std::uint64_t amount) noexcept {
    sum.fetch_add(amount, std::memory_order_relaxed);
  }
};

}  // namespace kernel::loader
