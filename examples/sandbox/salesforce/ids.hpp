// Record ids: 15 characters that tell upper from lower case, and 18 that need not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sandbox::salesforce {

/// The 18-character form of 15 characters.
std::string long_id(std::string_view id15);
/// The 18-character form of an id of 15 or 18 characters, letter case mended by the check characters; nothing
/// if it is no id.
std::optional<std::string> normal_id(std::string_view id);
/// The `number`th id (18 characters) of a key prefix; ids sort in the order of their numbers.
std::string make_id(std::string_view prefix, std::int64_t number);

}  // namespace sandbox::salesforce
