// GROUP BY and the functions over groups.
#pragma once

#include <boost/json.hpp>
#include <vector>

#include "examples/sandbox/salesforce/soql/conditions.hpp"

namespace sandbox::salesforce::soql {

/// One AggregateResult for each group of `rows`; one for all of them without GROUP BY.
/// errors    ApiError MALFORMED_QUERY, INVALID_FIELD
boost::json::array aggregate(const Scope& scope, const Query& query, const Object& object,
                             const std::vector<Row>& rows);

}  // namespace sandbox::salesforce::soql
