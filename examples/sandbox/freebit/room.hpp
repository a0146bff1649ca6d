// The played enabler: its book, switches and calls, the paths it answers and its part of the control API.
#pragma once

#include <boost/json.hpp>
#include <mutex>
#include <string>

#include "examples/sandbox/common/call_log.hpp"
#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/common/state_file.hpp"
#include "examples/sandbox/faults/fault_book.hpp"
#include "examples/sandbox/freebit/book.hpp"
#include "examples/sandbox/freebit/call.hpp"
#include "examples/sandbox/freebit/switches.hpp"
#include "examples/sandbox/http/router.hpp"

namespace sandbox::freebit {

/// All members may be used by many threads. The clock, faults and state file outlive the room.
class Room {
 public:
  /// drop_folder  where completion files are put; "" keeps them in the book only
  Room(Switches defaults, std::string drop_folder, const Clock& clock, FaultBook& faults, StateFile& state);

  /// /freebit/emptool/api/… and /control/freebit/…
  void mount(Router& router);

  boost::json::object summary();
  /// Back to the seed and to the switches the program started with.
  void reset();
  boost::json::object to_json() const;
  void restore(const boost::json::object& from);

 private:
  struct Outcome {
    int status = 200;
    std::string content_type = "application/json; charset=utf-8";
    boost::json::object answer;
    std::string page;  // instead of the answer where not ""
    bool applied = false;
  };

  HttpAnswer answer_call(const CallRow& row, const HttpRequest& request);
  Outcome run(const CallRow& row, const HttpRequest& request);
  /// Under mutex_.
  boost::json::object carry_out(const CallRow& row, const boost::json::object& request);
  boost::json::object new_key(const Members& in);
  void settle();

  Outcome refusal(const std::string& code, std::string_view message) const;
  /// The bytes, with the quirks that are switched on.
  HttpAnswer rendered(const Outcome& outcome) const;

  HttpAnswer change_line(const HttpRequest& request);
  HttpAnswer show_switches();

  const Switches defaults_;
  const std::string drop_folder_;
  const Clock& clock_;
  FaultBook& faults_;
  StateFile& state_;
  mutable std::mutex mutex_;
  Book book_;          // under mutex_
  Switches switches_;  // under mutex_
  CallLog calls_;
};

}  // namespace sandbox::freebit
