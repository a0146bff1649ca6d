// A SOQL tree over the records of an org.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/org.hpp"
#include "examples/sandbox/salesforce/soql/query.hpp"

namespace sandbox::salesforce::soql {

struct Result {
  std::int64_t total = 0;
  boost::json::array records;
  bool has_offset = false;
};

/// Turns the whole list of a subquery into what stands in the record: a page, with a locator when there is
/// more.
using Paging = std::function<boost::json::value(boost::json::array records)>;

/// Runs a parsed statement.
///
/// statement     its text, for located errors
/// with_deleted  records in the bin too, as queryAll does
/// errors        ApiError INVALID_FIELD, INVALID_TYPE, MALFORMED_QUERY, INVALID_QUERY_FILTER_OPERATOR
Result run(const Query& query, std::string_view statement, const Reader& reader, bool with_deleted,
           const Paging& paging);

}  // namespace sandbox::salesforce::soql
