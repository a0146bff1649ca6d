// Reading a call's members, and what stands in the way of a change.
#include "examples/sandbox/freebit/call.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sandbox::freebit {

namespace json = boost::json;

namespace {

constexpr Millis kMinute = 60'000;

/// Day number of 20261130, 2026/11/30 or 2026-11-30; -1 for anything else.
int day_in(std::string_view text) {
  std::string plain(text);
  if (plain.size() == 8) plain = plain.substr(0, 4) + "-" + plain.substr(4, 2) + "-" + plain.substr(6);
  std::replace(plain.begin(), plain.end(), '/', '-');
  return plain.size() == 10 ? day_of(plain, -1) : -1;
}

}  // namespace

std::string eight_digits(int day) {
  auto text = date_text(day);
  std::erase(text, '-');
  return text;
}

const std::string& Call::text(std::string_view path) const {
  static const std::string kNone;
  const auto found = in.find(path);
  return found == in.end() ? kNone : found->second;
}

Millis Call::moment(std::string_view path) const {
  if (text(path).empty()) return now;
  const int day = day_in(text(path));
  if (day < 0) throw Refused(&Codes::malformed, fmt::format("{} is no date", path));
  if (day < today()) throw Refused(&Codes::malformed, fmt::format("{} is in the past", path));
  if (day == today()) return now;
  return (static_cast<Millis>(day) * 24 * 60 - clock.utc_offset_minutes()) * kMinute;
}

Line& Call::line() const {
  auto* line = book.find(text("account"));
  if (line == nullptr || line->kind == "MASTER") throw Refused(&Codes::not_found, "no such account");
  return *line;
}

Line& Call::free_line(std::string_view kind) const {
  auto& found = line();
  if (found.state != "active") throw Refused(&Codes::state, "the account is not in service");
  for (const auto& job : book.jobs) {
    if (job.account != found.account) continue;
    if (job.locks && !job.done) throw Refused(&Codes::locked, "the account is being changed");
    // A cancellation on its way closes the line to another plan, and one scheduled plan is enough.
    if (!job.done && kind == "plan" && (job.kind == "cancel" || job.kind == "plan"))
      throw Refused(&Codes::locked, "a " + job.kind + " change is scheduled");
    for (const auto& rule : switches.spacing)
      if (rule.after == job.kind && (rule.before == kind || rule.before == "any") &&
          now < job.start + rule.minutes * kMinute)
        throw Refused(&Codes::locked, fmt::format("{} minutes after a {} change", rule.minutes, job.kind));
  }
  return found;
}

void Call::start(std::string_view kind, Millis at, std::int64_t minutes, json::object effect, bool locks,
                 std::string file) const {
  Job job;
  job.call = id;
  job.kind = kind;
  job.account = text("account");
  job.start = at;
  job.due = at + minutes * kMinute;
  job.locks = locks;
  job.effect = std::move(effect);
  job.file = std::move(file);
  book.start(std::move(job));
}

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> known) {
  return std::find(known.begin(), known.end(), text) != known.end();
}

/// Share-group codes: "QUMB_00000000001", "AAA0_00000000001".
bool is_group(std::string_view text) {
  const auto mark = text.find('_');
  return mark != text.npos && mark >= 3 && mark <= 8 && all_digits(text.substr(mark + 1));
}

bool fits(const Member& member, const std::string& text) {
  switch (member.shape) {
    case Shape::text:
    case Shape::plan:
      return text.size() <= member.most && (member.shape == Shape::text || !text.empty());
    case Shape::flag:
      return text == "10" || text == "20";
    case Shape::yes:
      return text == "10";
    case Shape::date:
      return text.size() == 8 && day_in(text) >= 0;
    case Shape::any_date:
      return day_in(text) >= 0;
    case Shape::number:
      return all_digits(text) && text.size() >= 11 && text.size() <= 14;
    case Shape::account:
      return (all_digits(text) && text.size() >= 11 && text.size() <= 14) || is_group(text) ||
             text.find('@') != text.npos;
    case Shape::kind:
      return text == "MVNO" || text == "MASTER";
    case Shape::line_kind:
      return text == "MVNO";
    case Shape::product:
      return text.size() == 15 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' &&
             all_digits(std::string_view(text).substr(2));
    case Shape::quota:
      return all_digits(text) && text.size() <= 6;
    case Shape::digits10:
      return all_digits(text) && text.size() == 10;
    case Shape::eid:
      return all_digits(text) && text.size() == 32;
    case Shape::gender:
      return is_one_of(text, {"M", "W", "C"});
    case Shape::network:
      return is_one_of(text, {"4G", "5G"});
    case Shape::add_kind:
      return is_one_of(text, {"N", "R", "M"});
    case Shape::create_type:
      return is_one_of(text, {"new", "add"});
    case Shape::method:
      return is_one_of(text, {"10", "20"});
  }
  return false;
}

/// Flattens; arrays count with their first item only.
void flatten(const std::string& path, const json::value& value, bool strict, Members& out) {
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object)
      flatten(
          path.empty() ? std::string(member.key()) : fmt::format("{}.{}", path, std::string(member.key())),
          member.value(), strict, out);
  } else if (const auto* array = value.if_array()) {
    if (!array->empty()) flatten(path + "[]", array->front(), strict, out);
  } else if (const auto* text = value.if_string()) {
    out[path] = std::string(*text);
  } else if (strict) {
    throw Refused(&Codes::malformed, path + " is no text");
  } else if (!value.is_null()) {
    out[path] = json::serialize(value);
  }
}

}  // namespace

Members members_of(const CallRow& row, const json::object& request, bool strict) {
  Members in;
  flatten({}, request, strict, in);
  in.erase("authKey");
  if (strict) {
    for (const auto& [path, text] : in) {
      const auto known = std::find_if(row.members.begin(), row.members.end(),
                                      [&, &path = path](const Member& m) { return m.path == path; });
      if (known == row.members.end()) throw Refused(&Codes::malformed, path + " is not known");
      if (!fits(*known, text)) throw Refused(&Codes::malformed, path + " is malformed");
    }
  }
  for (const auto& member : row.members)
    if (member.required && !in.contains(member.path))
      throw Refused(&Codes::malformed, fmt::format("{} is missing", member.path));
  return in;
}

}  // namespace sandbox::freebit
