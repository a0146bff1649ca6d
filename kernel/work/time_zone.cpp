// Reads TZif files (RFC 8536), their 64-bit part and the rule in their last line.
#include "kernel/work/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <portico/problem.hpp>

namespace kernel::work {

using std::chrono::seconds;

namespace {

constexpr seconds kDay{86'400};
constexpr std::size_t kHeader = 44;

[[noreturn]] void refuse(const std::string& why) {
  throw portico::Problem(500, "config.invalid", "portal.time_zone: " + why);
}

std::int64_t big_endian(std::string_view bytes, std::size_t at, std::size_t width) {
  if (at > bytes.size() || width > bytes.size() - at) refuse("the zone's file is cut short");
  std::uint64_t value = (bytes[at] & 0x80) ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return static_cast<std::int64_t>(value);
}

/// The counts of a TZif header, in the order of RFC 8536 section 3.1.
struct Counts {
  Counts(std::string_view bytes, std::size_t at) {
    if (bytes.size() < at + kHeader || bytes.substr(at, 4) != "TZif") refuse("the zone's file is no zone");
    std::int64_t* const all[] = {&ut, &standard, &leaps, &times, &types, &letters};
    for (std::size_t i = 0; i < 6; ++i) {
      *all[i] = big_endian(bytes, at + 20 + 4 * i, 4);
      if (*all[i] < 0 || *all[i] > 100'000) refuse("the zone's file is no zone");
    }
  }
  std::int64_t ut, standard, leaps, times, types, letters;
  std::size_t size(std::size_t width) const {
    return static_cast<std::size_t>(times) * (width + 1) + static_cast<std::size_t>(types) * 6 +
           static_cast<std::size_t>(letters) + static_cast<std::size_t>(leaps) * (width + 4) +
           static_cast<std::size_t>(standard) + static_cast<std::size_t>(ut);
  }
};

/// Reads a POSIX TZ text from left to right.
struct RuleText {
  std::string_view left;
  char peek() const { return left.empty() ? '\0' : left.front(); }
  bool take(char c) {
    if (peek() != c) return false;
    left.remove_prefix(1);
    return true;
  }
  void name() {
    if (take('<')) {
      const auto end = left.find('>');
      if (end == left.npos) refuse("the zone's rule is malformed");
      left.remove_prefix(end + 1);
      return;
    }
    while (std::isalpha(static_cast<unsigned char>(peek()))) left.remove_prefix(1);
  }
  unsigned number() {
    unsigned value = 0;
    if (!std::isdigit(static_cast<unsigned char>(peek()))) refuse("the zone's rule is malformed");
    for (; std::isdigit(static_cast<unsigned char>(peek())) && value < 10'000; left.remove_prefix(1))
      value = value * 10 + static_cast<unsigned>(peek() - '0');
    return value;
  }
  seconds time() {
    const bool minus = take('-');
    if (!minus) take('+');
    seconds value{number() * 3600};
    if (take(':')) value += seconds(number() * 60);
    if (take(':')) value += seconds(number());
    return minus ? -value : value;
  }
};

}  // namespace

TimeZone::TimeZone(std::string_view name, const std::filesystem::path& folder) {
  if (name.empty() || name.front() == '/' || name.find("..") != name.npos)
    refuse(fmt::format("'{}' is no name of a zone", name));
  std::ifstream file;
  if (std::error_code failure; std::filesystem::is_regular_file(folder / name, failure))
    file.open(folder / name, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.empty()) refuse(fmt::format("there is no zone '{}' in {}", name, folder.string()));
  read(bytes);
}

void TimeZone::read(std::string_view bytes) {
  const Counts old(bytes, 0);
  if (bytes.size() < 5 || bytes[4] < '2') refuse("the zone's file has no 64-bit part");
  const auto start = kHeader + old.size(4);
  const Counts counts(bytes, start);
  const auto n = static_cast<std::size_t>(counts.times), types = static_cast<std::size_t>(counts.types);
  const auto times_at = start + kHeader, kinds_at = times_at + 8 * n, types_at = kinds_at + n;
  const auto offset_of = [&](std::size_t type) {
    if (type >= types) refuse("the zone's file is no zone");
    return seconds(big_endian(bytes, types_at + 6 * type, 4));
  };
  first_ = offset_of(0);
  for (std::size_t i = 0; i < n; ++i) {
    times_.push_back(big_endian(bytes, times_at + 8 * i, 8));
    offsets_.push_back(offset_of(static_cast<std::size_t>(big_endian(bytes, kinds_at + i, 1) & 0xff)));
  }
  const auto footer = start + kHeader + counts.size(8);
  rule_.standard = rule_.summer = offsets_.empty() ? first_ : offsets_.back();
  if (footer + 1 < bytes.size() && bytes[footer] == '\n') {
    const auto end = bytes.find('\n', footer + 1);
    if (end != bytes.npos && end > footer + 1) read_rule(bytes.substr(footer + 1, end - footer - 1));
  }
}

void TimeZone::read_rule(std::string_view text) {
  RuleText in{text};
  in.name();
  rule_.standard = rule_.summer = -in.time();  // POSIX counts westward
  if (in.left.empty()) return;
  in.name();
  rule_.summer = rule_.standard + seconds(3600);
  if (in.peek() != ',') rule_.summer = -in.time();
  for (auto* change : {&rule_.begin, &rule_.end}) {
    if (!in.take(',') || !in.take('M')) refuse("the zone's rule is of a kind that is not read here");
    change->month = in.number();
    in.take('.');
    change->week = in.number();
    in.take('.');
    change->weekday = in.number();
    if (in.take('/')) change->at = in.time();
    if (change->month < 1 || change->month > 12 || change->week < 1 || change->week > 5 ||
        change->weekday > 6)
      refuse("the zone's rule is malformed");
  }
  rule_.changes = true;
}

Seconds TimeZone::instant_of(const Change& change, std::chrono::year year, seconds offset) {
  using namespace std::chrono;
  const auto month = year / std::chrono::month(change.month);
  const weekday day(change.weekday);
  const sys_days date = change.week == 5 ? sys_days(month / day[last]) : sys_days(month / day[change.week]);
  return date + change.at - offset;
}

seconds TimeZone::by_rule(Seconds instant) const {
  if (!rule_.changes) return rule_.standard;
  using namespace std::chrono;
  const auto year = year_month_day(floor<days>(instant + rule_.standard)).year();
  const auto begin = instant_of(rule_.begin, year, rule_.standard),
             end = instant_of(rule_.end, year, rule_.summer);
  const bool summer = begin < end ? instant >= begin && instant < end : instant >= begin || instant < end;
  return summer ? rule_.summer : rule_.standard;
}

seconds TimeZone::offset_at(Seconds instant) const {
  const auto at = instant.time_since_epoch().count();
  if (times_.empty() || at >= times_.back()) return by_rule(instant);
  const auto after = std::upper_bound(times_.begin(), times_.end(), at);
  return after == times_.begin() ? first_ : offsets_[static_cast<std::size_t>(after - times_.begin()) - 1];
}

Instants TimeZone::instants(LocalSeconds local) const {
  const Seconds as_utc(local.time_since_epoch());
  // A change of offset near this time is between these two; no zone changes twice within two days.
  const auto before = offset_at(as_utc - kDay), after = offset_at(as_utc + kDay);
  const auto a = as_utc - before, b = as_utc - after;
  const bool by_before = offset_at(a) == before, by_after = offset_at(b) == after;
  if (by_before && by_after) {
    if (a == b) return {Instants::once, a, a};
    return {Instants::twice, std::min(a, b), std::max(a, b)};
  }
  if (by_before) return {Instants::once, a, a};
  if (by_after) return {Instants::once, b, b};
  // In the gap: its end is where the offset changes, between b (read with the new offset) and a.
  auto low = std::min(a, b), high = std::max(a, b);
  while (high - low > seconds(1)) {
    const auto middle = low + (high - low) / 2;
    (offset_at(middle) == before ? low : high) = middle;
  }
  return {Instants::never, high, high};
}

}  // namespace kernel::work
