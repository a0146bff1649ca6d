// The caught mail: kept, listed, forgotten.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/common/state_file.hpp"
#include "examples/sandbox/faults/fault_book.hpp"
#include "examples/sandbox/http/router.hpp"

namespace sandbox::mail {

struct Message {
  std::int64_t id = 0;
  std::string received_at;      // UTC
  std::string sender;           // envelope
  std::vector<std::string> to;  // envelope
  std::string raw;
};

/// The newest thousand messages. Threads share it; clock and state outlive it.
class Mailbox {
 public:
  Mailbox(const Clock& clock, StateFile& state) : clock_(clock), state_(state) {}

  /// Keeps the message; it is on disk when this returns.
  std::int64_t add(std::string sender, std::vector<std::string> to, std::string raw);
  void clear();
  /// Newest first; `to` limits to an envelope recipient (any letter case), "" is all.
  std::vector<Message> list(std::string_view to) const;
  std::optional<Message> find(std::int64_t id) const;
  /// {"kept","received"}
  boost::json::object counters() const;

  /// /mail, /mail/{id}, /mail/messages, /mail/messages/{id}
  void mount(Router& router);

  boost::json::object to_json() const;
  void restore(const boost::json::object& from);

 private:
  const Clock& clock_;
  StateFile& state_;
  mutable std::mutex mutex_;
  std::deque<Message> messages_;  // oldest first
  std::int64_t last_id_ = 0;
};

/// {id, from, to[], subject, date, text, html, raw}
boost::json::object shown(const Message& message);

}  // namespace sandbox::mail
