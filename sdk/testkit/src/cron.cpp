// Reads the five fields and walks the calendar in their steps.
#include "cron.hpp"

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <portico/problem.hpp>
#include <vector>

namespace portico::testkit {

namespace {

struct Field {
  int low, high;
  std::vector<std::string_view> names;  // of low and up
};

const Field& field_at(std::size_t i) {
  static const Field fields[] = {
      {0, 59, {}},
      {0, 23, {}},
      {1, 31, {}},
      {1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
      {0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}};
  return fields[i];
}

[[noreturn]] void refuse(std::string_view expression, const std::string& why) {
  throw Problem(422, "plugin.task_invalid", "'" + std::string(expression) + "': " + why);
}

/// The zone, for as long as this object lives.
class ZoneScope {
 public:
  explicit ZoneScope(const std::string& zone) {
    if (const char* now = std::getenv("TZ")) before_ = now;
    setenv("TZ", zone.c_str(), 1);
    tzset();
  }
  ~ZoneScope() {
    if (before_)
      setenv("TZ", before_->c_str(), 1);
    else
      unsetenv("TZ");
    tzset();
  }
  ZoneScope(const ZoneScope&) = delete;
  ZoneScope& operator=(const ZoneScope&) = delete;

 private:
  std::optional<std::string> before_;
};

}  // namespace

Cron::Cron(std::string_view expression) {
  const auto number = [&](std::string_view text, const Field& field) {
    std::string lower(text);
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    for (std::size_t i = 0; i < field.names.size(); ++i)
      if (lower == field.names[i]) return field.low + static_cast<int>(i);
    int value = -1;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size() || value < field.low || value > field.high)
      refuse(expression, "'" + std::string(text) + "' does not belong there");
    return value;
  };
  std::string_view rest = expression;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    auto items = rest.substr(0, rest.find(' '));
    rest.remove_prefix(items.size());
    if (items.empty()) refuse(expression, "five fields are needed");
    if (i == 2) any_day_ = items == "*";
    if (i == 4) any_weekday_ = items == "*";
    const auto& field = field_at(i);
    while (!items.empty()) {
      auto item = items.substr(0, items.find(','));
      items.remove_prefix(std::min(items.size(), item.size() + 1));
      int step = 1;
      if (const auto slash = item.find('/'); slash != item.npos) {
        const auto text = item.substr(slash + 1);
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), step);
        if (ec != std::errc() || end != text.data() + text.size() || step < 1)
          refuse(expression, "a bad step");
        item = item.substr(0, slash);
      }
      int from = field.low, to = field.high;
      if (const auto dash = item.find('-'); item != "*" && dash != item.npos)
        from = number(item.substr(0, dash), field), to = number(item.substr(dash + 1), field);
      else if (item != "*")
        from = number(item, field), to = step > 1 ? field.high : from;
      if (from > to) refuse(expression, "a range that goes backwards");
      for (int value = from; value <= to; value += step)
        fields_[i].set(static_cast<std::size_t>(i == 4 ? value % 7 : value));
    }
  }
  if (rest.find_first_not_of(' ') != rest.npos) refuse(expression, "five fields are needed");
}

std::int64_t Cron::next(std::int64_t after_us, const std::string& zone) const {
  constexpr std::int64_t kMinute = 60, kFiveYears = 5 * 366 * 24 * 3600LL;
  const ZoneScope scope(zone);
  const auto after = after_us / 1'000'000;
  for (auto at = (after / kMinute + 1) * kMinute; at < after + kFiveYears;) {
    const std::time_t time = at;
    std::tm local{};
    localtime_r(&time, &local);
    const auto has = [&](std::size_t i, int value) {
      return fields_[i].test(static_cast<std::size_t>(value));
    };
    // Where both days are given, either is enough: so cron has it since ever.
    const bool day = any_day_ || any_weekday_ ? has(2, local.tm_mday) && has(4, local.tm_wday)
                                              : has(2, local.tm_mday) || has(4, local.tm_wday);
    if (!day || !has(3, local.tm_mon + 1) || !has(1, local.tm_hour))
      at += (60 - local.tm_min) * kMinute;
    else if (!has(0, local.tm_min))
      at += kMinute;
    else
      return at * 1'000'000;
  }
  return 0;
}

}  // namespace portico::testkit
