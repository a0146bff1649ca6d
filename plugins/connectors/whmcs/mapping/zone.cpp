// Reader of TZif files. source: RFC 9636 (TZif), POSIX TZ rule in its last line
#include "mapping/zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <portico/problem.hpp>

namespace whmcs {

namespace {

namespace chr = std::chrono;

[[noreturn]] void unknown(std::string_view why) {
  throw portico::Problem(500, "whmcs.time_zone_unknown", std::string(why));
}

/// Reads big-endian numbers; every read is checked.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) unknown("the time zone file is cut");
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::int64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return size == 4 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value);
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

struct Counts {
  std::size_t utc, standard, leaps, changes, types, letters;
};

Counts read_head(Bytes& in) {
  if (in.take(4) != "TZif") unknown("no time zone file");
  if (in.take(1)[0] < '2') unknown("a time zone file of version 1");
  in.take(15);
  const auto next = [&] { return static_cast<std::size_t>(in.number(4)) & 0xFFFFFF; };
  Counts counts{};
  counts.utc = next(), counts.standard = next(), counts.leaps = next();
  counts.changes = next(), counts.types = next(), counts.letters = next();
  return counts;
}

/// The pieces of a POSIX TZ rule.
class Rule {
 public:
  explicit Rule(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool skip(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void name() {
    const bool quoted = skip('<');
    std::size_t end = 0;
    while (end < rest_.size() &&
           (quoted ? rest_[end] != '>' : std::isalpha(static_cast<unsigned char>(rest_[end])) != 0))
      ++end;
    rest_.remove_prefix(end);
    if (end == 0 || (quoted && !skip('>'))) unknown("a time zone rule without a name");
  }
  int number() {
    int value = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && digits < 3 && rest_[digits] >= '0' && rest_[digits] <= '9')
      value = value * 10 + (rest_[digits++] - '0');
    if (digits == 0) unknown("a time zone rule without a number");
    rest_.remove_prefix(digits);
    return value;
  }
  /// [+-]h[:m[:s]] in seconds
  std::int32_t time() {
    const bool negative = skip('-');
    if (!negative) skip('+');
    std::int32_t seconds = number() * 3600;
    if (skip(':')) seconds += number() * 60;
    if (skip(':')) seconds += number();
    return negative ? -seconds : seconds;
  }
  bool at_sign_or_digit() const {
    return !rest_.empty() && (rest_[0] == '-' || rest_[0] == '+' || (rest_[0] >= '0' && rest_[0] <= '9'));
  }

 private:
  std::string_view rest_;
};

}  // namespace

Zone Zone::load(std::string_view name, const std::string& folder) {
  const bool good =
      !name.empty() && name.size() < 64 && name.find("..") == std::string_view::npos && name[0] != '/' &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '_' || c == '-' || c == '+';
      });
  std::ifstream file;
  if (good) file.open(folder + "/" + std::string(name), std::ios::binary);
  if (!file) unknown(fmt::format("time zone '{}' is not in {} (package tzdata)", name, folder));
  return parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

Zone Zone::parse(std::string_view bytes) {
  Bytes in(bytes);
  const auto old = read_head(in);  // the 32-bit block, kept in files for old readers
  in.take(old.changes * 5 + old.types * 6 + old.letters + old.leaps * 8 + old.standard + old.utc);
  const auto counts = read_head(in);
  Bytes moments(in.take(counts.changes * 8)), kinds(in.take(counts.changes));
  std::vector<std::int32_t> offsets;
  for (std::size_t i = 0; i < counts.types; ++i) {
    offsets.push_back(static_cast<std::int32_t>(in.number(4)));
    in.take(2);
  }
  if (offsets.empty()) unknown("a time zone file without types");
  Zone zone;
  zone.first_ = offsets[0];
  for (std::size_t i = 0; i < counts.changes; ++i) {
    const auto from = moments.number(8);
    const auto kind = static_cast<std::size_t>(kinds.number(1));
    if (kind >= offsets.size()) unknown("a time zone file with a wrong type");
    zone.changes_.push_back({from, offsets[kind]});
  }
  in.take(counts.letters + counts.leaps * 12 + counts.standard + counts.utc);
  auto rule = in.rest();
  if (rule.starts_with('\n')) rule.remove_prefix(1);
  rule = rule.substr(0, rule.find('\n'));
  if (!rule.empty()) zone.read_rule(rule);
  return zone;
}

void Zone::read_rule(std::string_view text) {
  Rule rule(text);
  rule.name();
  standard_ = -rule.time();  // POSIX counts west of UTC
  has_rule_ = true;
  if (rule.done()) return;
  rule.name();
  summer_ = rule.at_sign_or_digit() ? -rule.time() : standard_ + 3600;
  for (auto* day : {&to_summer_, &to_standard_}) {
    // Days by number ("J60", "59") are in no zone of today; such a zone keeps its last change.
    if (!rule.skip(',') || !rule.skip('M')) {
      has_rule_ = false;
      return;
    }
    day->month = static_cast<unsigned>(rule.number());
    rule.skip('.');
    day->week = static_cast<unsigned>(rule.number());
    rule.skip('.');
    day->weekday = static_cast<unsigned>(rule.number());
    if (rule.skip('/')) day->at = rule.time();
    if (day->month < 1 || day->month > 12 || day->week < 1 || day->week > 5 || day->weekday > 6)
      unknown("a time zone rule with a wrong day");
  }
  has_summer_ = true;
}

std::int32_t Zone::offset_at(std::int64_t unix_s) const {
  const auto next =
      std::upper_bound(changes_.begin(), changes_.end(), unix_s,
                       [](std::int64_t moment, const Change& change) { return moment < change.from; });
  const auto known = next == changes_.begin() ? first_ : std::prev(next)->offset;
  if (next != changes_.end() || !has_rule_) return known;
  if (!has_summer_) return standard_;
  const chr::sys_seconds moment{chr::seconds(unix_s)};
  const chr::year year = chr::year_month_day(chr::floor<chr::days>(moment + chr::seconds(standard_))).year();
  const auto switch_at = [&](const Switch& day, std::int32_t offset) {
    const auto month = year / chr::month(day.month);
    const chr::weekday weekday(day.weekday);
    const chr::sys_days date =
        day.week == 5 ? chr::sys_days(month / weekday[chr::last]) : chr::sys_days(month / weekday[day.week]);
    return chr::sys_seconds(date) + chr::seconds(day.at - offset);
  };
  const auto summer_from = switch_at(to_summer_, standard_), standard_from = switch_at(to_standard_, summer_);
  const bool summer = summer_from < standard_from ? moment >= summer_from && moment < standard_from
                                                  : moment >= summer_from || moment < standard_from;
  return summer ? summer_ : standard_;
}

std::string Zone::date_at(std::chrono::sys_seconds moment) const {
  const auto local = moment + chr::seconds(offset_at(moment.time_since_epoch().count()));
  const chr::year_month_day day(chr::floor<chr::days>(local));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

std::string rfc3339(std::chrono::sys_seconds moment) {
  const auto midnight = chr::floor<chr::days>(moment);
  const chr::year_month_day day(midnight);
  const chr::hh_mm_ss time(moment - midnight);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace whmcs
