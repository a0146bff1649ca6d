// Civil calendar arithmetic without a time zone database.
#include "mapping/calendar.hpp"

#include <fmt/format.h>

#include <portico/contract.hpp>

#include "client/fields.hpp"

namespace freebit {

namespace chr = std::chrono;

namespace {

constexpr chr::hours kJapan{9};

}  // namespace

Day japan_day(Seconds at) {
  return chr::floor<chr::days>(at + kJapan);
}

Seconds begin_of(Day day) {
  return Seconds(day) - kJapan;
}

std::string iso_date(Day day) {
  const chr::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string wire_date(Day day) {
  auto text = iso_date(day);
  std::erase(text, '-');
  return text;
}

Day to_day(std::string_view iso, std::string_view pointer) {
  const auto read = iso.size() == 10 && iso[4] == '-' ? read_date(iso) : std::nullopt;
  if (!read) throw portico::invalid_field(std::string(pointer), "invalid_date");
  const auto number = [&](std::size_t from, std::size_t size) { return std::stoi(read->substr(from, size)); };
  return chr::year_month_day(chr::year(number(0, 4)), chr::month(static_cast<unsigned>(number(5, 2))),
                             chr::day(static_cast<unsigned>(number(8, 2))));
}

Day next_month(Day day, int closed) {
  const chr::year_month_day date(day);
  const auto next = chr::year_month(date.year(), date.month()) + chr::months(1);
  const Day first = chr::year_month_day(next / chr::day(1));
  if (day + chr::days(closed) < first) return first;
  return chr::year_month_day((next + chr::months(1)) / chr::day(1));
}

int years_between(Day born, Day day) {
  const chr::year_month_day from(born), to(day);
  int years = static_cast<int>(to.year()) - static_cast<int>(from.year());
  if (to.month() < from.month() || (to.month() == from.month() && to.day() < from.day())) --years;
  return years;
}

std::string rfc3339(Seconds at) {
  const auto day = chr::floor<chr::days>(at);
  const chr::hh_mm_ss time(at - day);
  return fmt::format("{}T{:02}:{:02}:{:02}Z", iso_date(day), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

}  // namespace freebit
