// Reads cron expressions and looks through days for the next time.
#include "kernel/work/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <portico/problem.hpp>
#include <random>
#include <string>
#include <vector>

namespace kernel::work {

namespace {

using namespace std::chrono;

// The longest pause of a possible date is eight years: 29 February around 1900, 2100.
constexpr int kMostDays = 9 * 366;

constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kWeekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  const char* name;
  unsigned min, max;
  const std::string_view* names;
  unsigned name_count;
};
constexpr Field kFields[] = {{"minute", 0, 59, nullptr, 0},
                             {"hour", 0, 23, nullptr, 0},
                             {"day of month", 1, 31, nullptr, 0},
                             {"month", 1, 12, kMonths, 12},
                             {"day of week", 0, 7, kWeekdays, 7}};

constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};

[[noreturn]] void refuse(std::string_view expression, const std::string& why) {
  throw portico::Problem(422, "plugin.task_invalid",
                         fmt::format("cron expression '{}': {}", expression, why));
}

std::vector<std::string> split(std::string_view text, std::string_view separators, bool keep_empty) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (separators.find(c) == separators.npos)
      parts.back() += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    else
      parts.emplace_back();
  }
  if (!keep_empty) std::erase(parts, "");
  return parts;
}

class FieldReader {
 public:
  FieldReader(std::string_view expression, const Field& field) : expression_(expression), field_(field) {}

  /// One bit for each value.
  std::bitset<64> read(const std::string& text) const {
    std::bitset<64> out;
    for (const auto& part : split(text, ",", true)) {
      const auto slash = part.find('/');
      const auto range = part.substr(0, slash);
      const unsigned step = slash == part.npos ? 1 : number(part.substr(slash + 1), 1, field_.max);
      unsigned from = field_.min, to = field_.max;
      const auto dash = range.find('-');
      if (range != "*") {
        from = value(range.substr(0, dash));
        to = dash != range.npos ? value(range.substr(dash + 1)) : slash == part.npos ? from : field_.max;
        if (from > to) refuse(expression_, fmt::format("{}: '{}' runs backwards", field_.name, range));
      }
      for (unsigned i = from; i <= to; i += step) out.set(i);
    }
    return out;
  }

 private:
  unsigned value(const std::string& text) const {
    for (unsigned i = 0; i < field_.name_count; ++i)
      if (text == field_.names[i]) return i + (field_.min == 1 ? 1 : 0);
    return number(text, field_.min, field_.max);
  }
  unsigned number(const std::string& text, unsigned min, unsigned max) const {
    const bool digits = !text.empty() && text.size() <= 2 &&
                        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto found = digits ? static_cast<unsigned>(std::stoul(text)) : max + 1;
    if (found < min || found > max)
      refuse(expression_, fmt::format("{}: wanted {} to {}, found '{}'", field_.name, min, max, text));
    return found;
  }

  std::string_view expression_;
  const Field& field_;
};

template <std::size_t N>
std::bitset<N> narrow(const std::bitset<64>& wide) {
  return std::bitset<N>(wide.to_ullong());
}

}  // namespace

Cron Cron::parse(std::string_view expression) {
  auto text = expression;
  for (const auto& [word, meaning] : kWords)
    if (text == word) text = meaning;
  const auto parts = split(text, " \t", false);
  if (parts.size() != 5) refuse(expression, fmt::format("wanted 5 fields, found {}", parts.size()));
  std::array<std::bitset<64>, 5> read;
  for (std::size_t i = 0; i < 5; ++i) read[i] = FieldReader(expression, kFields[i]).read(parts[i]);
  Cron cron;
  cron.minutes_ = narrow<60>(read[0]);
  cron.hours_ = narrow<24>(read[1]);
  cron.days_ = narrow<32>(read[2]);
  cron.months_ = narrow<13>(read[3]);
  cron.weekdays_ = narrow<7>(read[4] & std::bitset<64>(0x7f));
  if (read[4].test(7)) cron.weekdays_.set(0);
  cron.any_hour_ = parts[1].front() == '*';
  cron.any_day_ = parts[2].front() == '*';
  cron.any_weekday_ = parts[4].front() == '*';
  bool comes = false;
  const auto start = sys_days(2000y / January / 1);
  for (int day = 0; day < kMostDays && !comes; ++day) comes = cron.is_day(start + days(day));
  if (!comes) refuse(expression, "no such day ever comes");
  return cron;
}

bool Cron::is_day(year_month_day date) const {
  if (!months_.test(static_cast<unsigned>(date.month()))) return false;
  const bool by_day = days_.test(static_cast<unsigned>(date.day()));
  const bool by_weekday = weekdays_.test(weekday(sys_days(date)).c_encoding());
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

Seconds Cron::next(Seconds instant, const TimeZone& zone) const {
  // A day earlier too: the end of a gap may lie in the next local day.
  const auto first = floor<days>(zone.local(instant)) - days(1);
  for (int day = 0; day < kMostDays; ++day) {
    const auto date = first + days(day);
    if (!is_day(year_month_day(sys_days(date.time_since_epoch())))) continue;
    std::optional<Seconds> found;
    const auto consider = [&](Seconds candidate) {
      if (candidate > instant && (!found || candidate < *found)) found = candidate;
    };
    for (unsigned hour = 0; hour < 24; ++hour) {
      if (!hours_.test(hour)) continue;
      for (unsigned minute = 0; minute < 60; ++minute) {
        if (!minutes_.test(minute)) continue;
        const auto when = zone.instants(date + hours(hour) + minutes(minute));
        if (when.kind == Instants::never && any_hour_) continue;
        consider(when.earlier);
        if (when.kind == Instants::twice && any_hour_) consider(when.later);
      }
    }
    if (found) return *found;
  }
  throw portico::Problem(500, "internal", "a cron expression without a next time");
}

std::chrono::milliseconds spread(milliseconds interval, double from, double to) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto factor = std::uniform_real_distribution<double>(from, to)(random);
  return milliseconds(static_cast<std::int64_t>(static_cast<double>(interval.count()) * factor));
}

}  // namespace kernel::work
