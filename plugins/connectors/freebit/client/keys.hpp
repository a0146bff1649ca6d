// The authentication key: fetched once, shared by all calls of this process, renewed by one of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <portico/problem.hpp>
#include <string>

namespace freebit {

class Keys {
 public:
  struct Key {
    std::string text;
    std::uint64_t generation = 0;
  };
  /// fetch  authenticates; errors are everybody's who waits for it
  /// now    never goes back
  /// life   after which the key is renewed before it is refused
  Keys(std::function<std::string()> fetch, std::function<std::chrono::microseconds()> now,
       std::chrono::seconds life)
      : fetch_(std::move(fetch)), now_(std::move(now)), life_(life) {}

  Key get() { return newer_than(0); }
  /// The key after the one that was refused; whoever comes first fetches it, the others wait.
  Key renew(std::uint64_t refused) { return newer_than(refused); }

 private:
  Key newer_than(std::uint64_t generation);

  const std::function<std::string()> fetch_;
  const std::function<std::chrono::microseconds()> now_;
  const std::chrono::seconds life_;
  std::mutex mutex_;
  std::condition_variable done_;
  Key current_;  // all under mutex_
  std::chrono::microseconds renew_at_{0};
  bool fetching_ = false;
  std::uint64_t round_ = 0;
  std::optional<portico::Problem> failure_;  // of the last round
};

}  // namespace freebit
