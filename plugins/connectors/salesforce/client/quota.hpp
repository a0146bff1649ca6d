// The org's limits on requests, which all its users share: what is used, and when to keep away.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <portico/problem.hpp>
#include <string_view>

namespace salesforce {

enum class Limit { concurrent, daily };

class Quota {
 public:
  struct Setting {
    int refresh_percent = 85;  // used, from which nothing is asked that nobody waits for
    std::function<std::chrono::microseconds()> now;  // monotonic
    std::function<double()> chance;                  // 0 to 1
  };
  explicit Quota(Setting setting) : setting_(std::move(setting)) {}

  /// Before a call. errors: 503 upstream.busy, upstream.quota_used while the org keeps us away; 503
  /// upstream.quota_low for a refresh
  void check(bool refresh);
  /// The org refused a call for a limit: everything pauses. 1 s doubling to 60 s, half of it by chance, or 5
  /// minutes for the daily limit.
  portico::Problem refused(Limit limit);
  /// A call went through.
  void passed();
  /// "api-usage=18/15000": notes it. returns what is used and the most; 0, 0 for another text
  std::pair<std::int64_t, std::int64_t> note(std::string_view header);

 private:
  const Setting setting_;
  std::mutex mutex_;
  std::chrono::microseconds away_until_{0};  // under mutex_
  Limit why_ = Limit::concurrent;            // under mutex_
  int refusals_ = 0;                         // under mutex_; in a row
  std::int64_t used_ = 0, most_ = 0;         // under mutex_
};

}  // namespace salesforce
