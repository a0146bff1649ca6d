// Ranges from the calendar of std::chrono.
#include "examples/sandbox/salesforce/soql/dates.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/soql/parser.hpp"

namespace sandbox::salesforce::soql {

namespace {

enum class Unit { kDay, kWeek, kMonth, kQuarter, kYear };

struct Named {
  std::string_view plural, singular;
  Unit unit;
};

constexpr std::array<Named, 7> kUnits{{{"DAYS", "DAY", Unit::kDay},
                                       {"WEEKS", "WEEK", Unit::kWeek},
                                       {"MONTHS", "MONTH", Unit::kMonth},
                                       {"QUARTERS", "QUARTER", Unit::kQuarter},
                                       {"YEARS", "YEAR", Unit::kYear},
                                       {"FISCAL_QUARTERS", "FISCAL_QUARTER", Unit::kQuarter},
                                       {"FISCAL_YEARS", "FISCAL_YEAR", Unit::kYear}}};

/// First day of the unit that lies `steps` after the one of `day`.
int start(Unit unit, int day, int steps) {
  constexpr int kThursday = 4;  // 1970-01-01, with Sunday 0
  const int month = std::stoi(date_text(day).substr(5, 2)) - 1;
  switch (unit) {
    case Unit::kDay:
      return day + steps;
    case Unit::kWeek:
      return day - ((day + kThursday) % 7 + 7) % 7 + steps * 7;
    case Unit::kMonth:
      return month_start(day, steps);
    case Unit::kQuarter:
      return month_start(day, steps * 3 - month % 3);
    case Unit::kYear:
      return month_start(day, steps * 12 - month);
  }
  return day;
}

struct Shape {
  std::string_view before, after;  // around the unit
  bool counted;
};

constexpr std::array<Shape, 6> kShapes{{{"LAST_N_", "", true},
                                        {"NEXT_N_", "", true},
                                        {"N_", "_AGO", true},
                                        {"LAST_", "", false},
                                        {"THIS_", "", false},
                                        {"NEXT_", "", false}}};

/// Shape and unit of a word such as LAST_N_WEEKS or THIS_MONTH.
const Shape* shape_of(std::string_view word, Unit& unit) {
  for (const auto& shape : kShapes) {
    if (!word.starts_with(shape.before) || !word.ends_with(shape.after) ||
        word.size() < shape.before.size() + shape.after.size())
      continue;
    const auto middle =
        word.substr(shape.before.size(), word.size() - shape.before.size() - shape.after.size());
    for (const auto& named : kUnits) {
      if (middle != (shape.counted ? named.plural : named.singular)) continue;
      if (!shape.counted && named.unit == Unit::kDay) continue;
      unit = named.unit;
      return &shape;
    }
  }
  return nullptr;
}

}  // namespace

bool is_date_word(std::string_view word) {
  constexpr std::array<std::string_view, 5> kPlain{"YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS",
                                                   "NEXT_90_DAYS"};
  Unit unit{};
  return std::find(kPlain.begin(), kPlain.end(), word) != kPlain.end() || shape_of(word, unit) != nullptr;
}

bool takes_count(std::string_view word) {
  Unit unit{};
  const Shape* shape = shape_of(word, unit);
  return shape != nullptr && shape->counted;
}

std::optional<Days> days_of(std::string_view word, std::int64_t count, int today) {
  if (word == "YESTERDAY") return Days{today - 1, today};
  if (word == "TODAY") return Days{today, today + 1};
  if (word == "TOMORROW") return Days{today + 1, today + 2};
  if (word == "LAST_90_DAYS") return Days{today - 90, today + 1};
  if (word == "NEXT_90_DAYS") return Days{today + 1, today + 91};
  Unit unit{};
  const Shape* shape = shape_of(word, unit);
  if (shape == nullptr) return std::nullopt;
  // A thousand years is as good as any longer time, and the calendar can hold it.
  constexpr std::int64_t kMost[] = {365'000, 52'000, 12'000, 4'000, 1'000};
  const int n = static_cast<int>(std::min(count, kMost[static_cast<int>(unit)]));
  const int here = start(unit, today, 0), after = start(unit, today, 1);
  if (shape->before == "LAST_N_") return Days{start(unit, today, -n), unit == Unit::kDay ? today + 1 : here};
  if (shape->before == "NEXT_N_") return Days{after, start(unit, today, n + 1)};
  if (shape->before == "N_") return Days{start(unit, today, -n), start(unit, today, -n + 1)};
  if (shape->before == "LAST_") return Days{start(unit, today, -1), here};
  if (shape->before == "THIS_") return Days{here, after};
  return Days{after, start(unit, today, 2)};
}

}  // namespace sandbox::salesforce::soql
