// Readers by type.
#include "client/records.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <portico/contracts/money.hpp>

#include "client/ids.hpp"

namespace salesforce {

namespace json = boost::json;

namespace {

constexpr std::size_t kLongestText = 100'000, kMostChildren = 2000;
constexpr double kMostNumber = 1e15;

std::string clean(std::string_view text) {
  if (text.size() > kLongestText) {
    auto end = kLongestText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string out(text);
  for (char& c : out)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F) c = ' ';
  return out;
}

/// count digits at the position, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int out = 0;
  if (at + count > text.size()) return -1;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    out = out * 10 + (c - '0');
  }
  return out;
}

std::optional<std::chrono::sys_days> day_of(std::string_view text) {
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (year < 1 || month < 1 || day < 1 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::string written(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

/// Of "YYYY-MM-DDThh:mm:ss[.fff](Z|+hhmm|+hh:mm)", in UTC.
std::optional<std::string> utc(std::string_view text) {
  constexpr std::size_t kSeconds = 19;
  if (text.size() <= kSeconds || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto day = day_of(text.substr(0, 10));
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!day || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return std::nullopt;
  auto rest = text.substr(kSeconds);
  if (rest.starts_with('.')) {
    const auto end = rest.find_first_not_of("0123456789", 1);
    if (end == rest.npos || end == 1) return std::nullopt;
    rest.remove_prefix(end);
  }
  int offset = 0;
  if (rest != "Z") {
    const bool colon = rest.size() == 6 && rest[3] == ':';
    const int hours = digits(rest, 1, 2), minutes = digits(rest, colon ? 4 : 3, 2);
    const bool good = (colon || rest.size() == 5) && (rest[0] == '+' || rest[0] == '-') && hours >= 0 &&
                      hours <= 14 && minutes >= 0 && minutes <= 59;
    if (!good) return std::nullopt;
    offset = (hours * 60 + minutes) * (rest[0] == '-' ? -1 : 1);
  }
  const auto at = std::chrono::sys_seconds(*day) + std::chrono::hours(hour) +
                  std::chrono::minutes(minute - offset) + std::chrono::seconds(second);
  const auto there = std::chrono::floor<std::chrono::days>(at);
  // Four digits of a year, also after the zone is taken off.
  if (there < std::chrono::sys_days(std::chrono::year(1) / 1 / 1) ||
      there > std::chrono::sys_days(std::chrono::year(9999) / 12 / 31))
    return std::nullopt;
  const std::chrono::hh_mm_ss time(at - there);
  return fmt::format("{}T{:02}:{:02}:{:02}Z", written(there), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

[[noreturn]] void bad(std::string_view name, const char* what) {
  throw BadReply(fmt::format("{} is {}", name, what));
}

}  // namespace

const json::value& Record::at(std::string_view name) const {
  const auto* value = record_->if_contains(json::string_view(name.data(), name.size()));
  if (!value) bad(name, "missing");
  return *value;
}

std::optional<std::string> Record::text_if(std::string_view name) const {
  const auto& value = at(name);
  if (value.is_null()) return std::nullopt;
  const auto* text = value.if_string();
  if (!text) bad(name, "no text");
  if (text->empty()) return std::nullopt;
  return clean(*text);
}

std::string Record::text(std::string_view name) const {
  return text_if(name).value_or("");
}

std::optional<std::string> Record::id_if(std::string_view name) const {
  const auto text = text_if(name);
  if (!text) return std::nullopt;
  auto id = full_id(*text);
  if (!id) bad(name, "no id");
  return id;
}

std::string Record::id(std::string_view name) const {
  auto id = id_if(name);
  if (!id) bad(name, "no id");
  return *std::move(id);
}

bool Record::flag(std::string_view name) const {
  const auto& value = at(name);
  if (value.is_null()) return false;
  if (!value.is_bool()) bad(name, "neither true nor false");
  return value.get_bool();
}

std::optional<double> Record::number_if(std::string_view name) const {
  const auto& value = at(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_number()) bad(name, "no number");
  const auto number = value.to_number<double>();
  if (!std::isfinite(number) || std::abs(number) >= kMostNumber) bad(name, "a number too large");
  return number;
}

std::int64_t Record::count(std::string_view name) const {
  const auto number = number_if(name).value_or(0);
  if (number < 0) bad(name, "less than nothing");
  return static_cast<std::int64_t>(std::llround(number));
}

std::int64_t Record::money(std::string_view name, std::string_view currency) const {
  double unit = 1;
  for (int i = 0; i < portico::minor_digits(currency); ++i) unit *= 10;
  const auto minor = number_if(name).value_or(0) * unit;
  if (std::abs(minor) >= kMostNumber) bad(name, "a number too large");
  return static_cast<std::int64_t>(std::llround(minor));
}

std::string Record::date(std::string_view name) const {
  const auto text = text_if(name);
  if (!text || text->size() != 10 || !day_of(*text)) bad(name, "no date");
  return *text;
}

std::optional<std::string> Record::time_if(std::string_view name) const {
  const auto text = text_if(name);
  if (!text) return std::nullopt;
  auto out = utc(*text);
  if (!out) bad(name, "no time");
  return out;
}

std::string Record::time(std::string_view name) const {
  auto out = time_if(name);
  if (!out) bad(name, "no time");
  return *std::move(out);
}

std::vector<std::string> Record::choices(std::string_view name) const {
  std::vector<std::string> out;
  const auto whole = text(name);
  std::string_view rest = whole;
  while (!rest.empty()) {
    const auto end = rest.find(';');
    if (end != 0) out.emplace_back(rest.substr(0, end));
    rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
  }
  return out;
}

std::optional<Record> Record::parent(std::string_view name) const {
  const auto& value = at(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_object()) bad(name, "no record");
  return Record(value.get_object());
}

std::vector<Record> Record::children(std::string_view name) const {
  const auto& value = at(name);
  std::vector<Record> out;
  if (value.is_null()) return out;
  const auto* list = value.is_object() ? value.get_object().if_contains("records") : nullptr;
  if (!list || !list->is_array()) bad(name, "no list of records");
  for (const auto& row : list->get_array()) {
    if (!row.is_object()) bad(name, "a list with something that is no record");
    if (out.size() < kMostChildren) out.emplace_back(row.get_object());
  }
  return out;
}

}  // namespace salesforce
