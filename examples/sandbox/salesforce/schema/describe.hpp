// What describe calls tell of the schema.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "examples/sandbox/salesforce/schema/schema.hpp"

namespace sandbox::salesforce {

/// The short form of the list of objects, with urls below `base` ("/services/data/v60.0").
boost::json::object describe_short(const Object& object, const std::string& base);
/// With fields, child relationships and record types.
boost::json::object describe(const Schema& schema, const Object& object, const std::string& base);

}  // namespace sandbox::salesforce
