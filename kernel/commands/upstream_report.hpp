// What the running host says of its upstreams.
#pragma once

#include <boost/json.hpp>
#include <vector>

#include "kernel/outbound/outbound.hpp"

namespace kernel::commands {

/// {"upstreams": [{"name", "lane", "in_flight", "queued", "breaker": "closed" | "half_open" | "open",
/// "isolated"}]}
boost::json::object describe_upstreams(const std::vector<outbound::LaneStats>& lanes);

}  // namespace kernel::commands
