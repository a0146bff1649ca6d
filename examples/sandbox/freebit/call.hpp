// What every call of the played enabler is given, and the table of calls with the members each may have.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/freebit/book.hpp"
#include "examples/sandbox/freebit/switches.hpp"

namespace sandbox::freebit {

/// A refusal: one of the codes, with a message.
struct Refused : std::runtime_error {
  Refused(std::string Codes::*code, const std::string& message) : std::runtime_error(message), code(code) {}
  std::string Codes::*code;
};

/// Members of a request by path: "talkOption.voiceMail", "requestDatas[].account" (the first item).
using Members = std::map<std::string, std::string, std::less<>>;

struct Call {
  Book& book;
  const Members& in;
  const Switches& switches;
  const Clock& clock;
  std::string_view id;  // "PA05-21"
  Millis now = 0;
  bool talk_option_given = false;  // as an object, empty or not

  bool has(std::string_view path) const { return in.contains(path); }
  /// "" where it is absent.
  const std::string& text(std::string_view path) const;
  int today() const { return clock.local_day(TimePoint(std::chrono::milliseconds(now))); }
  /// The moment the local date of a schedule member begins; now where it is absent. errors: Refused for a
  /// past date
  Millis moment(std::string_view path) const;

  /// errors: Refused not_found
  Line& line() const;
  /// The line, in service and free to take a change of this kind now. errors: Refused
  Line& free_line(std::string_view kind) const;
  void start(std::string_view kind, Millis start, std::int64_t minutes, boost::json::object effect,
             bool locks = false, std::string file = {}) const;
};

/// How a member must look in strict mode.
enum class Shape {
  text,
  flag,
  yes,
  date,
  any_date,
  account,
  number,
  kind,
  line_kind,
  product,
  quota,
  digits10,
  eid,
  gender,
  network,
  add_kind,
  create_type,
  method,
  plan
};

struct Member {
  std::string_view path;
  bool required = false;
  Shape shape = Shape::text;
  std::size_t most = 64;
};

using Action = boost::json::object (*)(Call&);

struct CallRow {
  std::string_view id;
  std::string_view path;  // below emptool/api/
  bool write = true;
  Action action;
  std::vector<Member> members;
};

const std::vector<CallRow>& call_table();

/// The request's members. strict: texts only, known members only, each in its shape. errors: Refused
/// malformed
Members members_of(const CallRow& row, const boost::json::object& request, bool strict);

boost::json::object get_detail(Call& call);
boost::json::object add_quota(Call& call);
boost::json::object get_traffic(Call& call);
boost::json::object get_quota_history(Call& call);
boost::json::object release_plan(Call& call);
boost::json::object change_plan(Call& call);
boost::json::object register_voice(Call& call);
boost::json::object change_voice(Call& call);
boost::json::object change_network(Call& call);
boost::json::object cancel_account(Call& call);
boost::json::object register_account(Call& call);
boost::json::object register_card(Call& call);
boost::json::object activate_card(Call& call);
boost::json::object change_card_state(Call& call);
boost::json::object activate_profile(Call& call);
boost::json::object reissue_profile(Call& call);

std::string eight_digits(int day);

}  // namespace sandbox::freebit
