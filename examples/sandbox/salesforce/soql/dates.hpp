// Date literals of SOQL: TODAY, LAST_N_WEEKS:3 and so on, as half-open ranges of days.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sandbox::salesforce::soql {

/// Days since 1970, half-open.
struct Days {
  int from = 0, to = 0;
};

/// today  the user's day; weeks begin on Sunday, fiscal years in January
std::optional<Days> days_of(std::string_view word, std::int64_t count, int today);

}  // namespace sandbox::salesforce::soql
