// Requests with the same question: one asks on a worker, the others wait without one and then look again.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace kernel::policy {

/// Thread-safe. Bounded by the connections of the front: each waits at one place at most.
class Gathering {
 public:
  using GoOn = std::function<void()>;

  /// True: somebody asks already, and go_on runs when that has ended. False: the caller is the one who asks,
  /// and says so by end().
  bool wait(const std::string& question, GoOn go_on);

  /// The question is answered, or nobody asks it any more: those who waited, each to be called once.
  [[nodiscard]] std::vector<GoOn> end(const std::string& question);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<GoOn>> waiting_;
};

}  // namespace kernel::policy
