// Refusals of malformed control requests.
#include "examples/sandbox/common/json_fields.hpp"

#include <algorithm>

namespace sandbox {

void expect_only(const boost::json::object& from, std::initializer_list<std::string_view> names) {
  for (const auto& member : from) {
    const std::string_view key = member.key();
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    throw BadRequest(fmt::format("unknown member \"{}\"; known: {}", key, fmt::join(names, ", ")));
  }
}

boost::json::object object_of(std::string_view body) {
  if (body.empty()) return {};
  boost::system::error_code error;
  auto value = boost::json::parse(body, error);
  if (error) throw BadRequest("the body is not JSON: " + error.message());
  if (!value.is_object()) throw BadRequest("a JSON object is expected");
  return value.get_object();
}

}  // namespace sandbox
