// SOQL text to a tree.
#pragma once

#include <string_view>

#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/soql/query.hpp"

namespace sandbox::salesforce::soql {

/// Reads one statement of the subset the README names. Names are not checked against any schema.
///
/// errors    ApiError MALFORMED_QUERY, NUMBER_OUTSIDE_VALID_RANGE
Query parse(std::string_view statement);

/// YESTERDAY, LAST_N_DAYS and so on, upper case.
bool is_date_word(std::string_view word);
/// Whether the word takes ":n".
bool takes_count(std::string_view word);

}  // namespace sandbox::salesforce::soql
