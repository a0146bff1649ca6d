// What was called, with which parameters and what came of it; for tests that count calls. Secrets never
// enter.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace sandbox {

/// The newest calls, bounded; counters go on. Threads share it.
class CallLog {
 public:
  /// Notes the start of a call and returns its number.
  std::int64_t begin(std::string time, std::string action, boost::json::object params);
  /// Notes its end.
  ///
  /// applied  the action was carried out, whatever the caller got to see
  void end(std::int64_t number, int status, std::string result, std::string message, std::string fault,
           bool applied, std::int64_t duration_ms);
  void clear();

  /// The calls kept, oldest first, of one action (any letter case, "" is all) after number `since`.
  boost::json::array list(std::string_view action, std::int64_t since) const;
  /// {"calls","in_flight","most_in_flight","by_action":{…}}
  boost::json::object counters() const;

 private:
  struct Call {
    std::int64_t number = 0;
    std::string time, action, result, message, fault;
    boost::json::object params;
    int status = 0;
    bool applied = false, running = true;
    std::int64_t duration_ms = 0;
  };

  mutable std::mutex mutex_;
  std::deque<Call> calls_;
  std::map<std::string, std::int64_t> by_action_;
  std::int64_t last_number_ = 0, count_ = 0, in_flight_ = 0, most_in_flight_ = 0;
};

}  // namespace sandbox
