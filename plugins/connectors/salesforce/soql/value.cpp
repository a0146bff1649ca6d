// Escaping, once for all: the backslash first, then everything it is put before.
#include "soql/value.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <portico/contract.hpp>

#include "client/text.hpp"

namespace salesforce::soql {

namespace {

constexpr std::size_t kLongestText = 4000;

portico::Problem refused(const char* why) {
  return portico::Problem(422, "request.invalid", fmt::format("SOQL: {}", why));
}

enum class Wildcards { plain, escaped };

/// Between the quotes.
std::string escaped(std::string_view text, Wildcards wildcards) {
  if (!is_utf8(text)) throw refused("a text that is not UTF-8");
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\'':
        out += "\\'";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '%':
      case '_':
        if (wildcards == Wildcards::escaped) out += '\\';
        out += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
          throw refused("a text with control characters");
        out += c;
    }
  }
  if (out.size() > kLongestText) throw refused("a text of more than 4,000 characters");
  return out;
}

}  // namespace

Value text(std::string_view text) {
  return Value(fmt::format("'{}'", escaped(text, Wildcards::plain)));
}

Value id(std::string_view id) {
  constexpr std::size_t kShort = 15, kFull = 18;
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if ((id.size() != kShort && id.size() != kFull) || !std::all_of(id.begin(), id.end(), plain))
    throw refused("no record id");
  return Value(fmt::format("'{}'", id));
}

Value date(std::string_view day) {
  int parts[3] = {0, 0, 0};
  bool good = day.size() == 10 && day[4] == '-' && day[7] == '-';
  for (std::size_t i = 0; good && i < day.size(); ++i) {
    if (i == 4 || i == 7) continue;
    good = day[i] >= '0' && day[i] <= '9';
    int& part = parts[i < 4 ? 0 : i < 7 ? 1 : 2];
    part = part * 10 + (day[i] - '0');
  }
  if (!good || !std::chrono::year_month_day(std::chrono::year(parts[0]),
                                            std::chrono::month(static_cast<unsigned>(parts[1])),
                                            std::chrono::day(static_cast<unsigned>(parts[2])))
                    .ok())
    throw refused("no date");
  return Value(std::string(day));
}

Value date_time(std::chrono::sys_seconds at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const int year = static_cast<int>(date.year());
  if (year < 1700 || year > 4000) throw refused("a time no org keeps");
  const std::chrono::hh_mm_ss time(at - day);
  return Value(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", year, static_cast<unsigned>(date.month()),
                           static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                           time.seconds().count()));
}

Value number(std::int64_t number) {
  return Value(fmt::format("{}", number));
}

Value number(double number) {
  constexpr double kMost = 1e15;
  if (!std::isfinite(number) || std::abs(number) >= kMost) throw refused("no number an org keeps");
  auto out = fmt::format("{:.6f}", number);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out += '0';
  return Value(std::move(out));
}

Value boolean(bool on) {
  return Value(on ? "TRUE" : "FALSE");
}

Value null() {
  return Value("NULL");
}

Value like_containing(std::string_view text) {
  return Value(fmt::format("'%{}%'", escaped(text, Wildcards::escaped)));
}

Value like_beginning(std::string_view text) {
  return Value(fmt::format("'{}%'", escaped(text, Wildcards::escaped)));
}

}  // namespace salesforce::soql
