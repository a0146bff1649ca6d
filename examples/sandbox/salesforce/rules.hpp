// What single objects do beyond their field lists: cases close, orders activate, files get versions.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "examples/sandbox/salesforce/writer.hpp"

namespace sandbox::salesforce {

/// Completes and checks a record before it is written. errors: ApiError
void before_create(Writer& writer, const Object& object, boost::json::object& record);
void after_create(Writer& writer, const Object& object, const boost::json::object& record,
                  const boost::json::object& given);
/// Completes and checks the changes. errors: ApiError
void before_update(Writer& writer, const Object& object, const boost::json::object& old,
                   boost::json::object& changes);
void after_update(Writer& writer, const Object& object, const std::string& id,
                  const boost::json::object& changes);
/// errors: ApiError where the record must stay
void before_remove(Writer& writer, const Object& object, const boost::json::object& record);
void after_remove(Writer& writer, const Object& object, const boost::json::object& record);

}  // namespace sandbox::salesforce
