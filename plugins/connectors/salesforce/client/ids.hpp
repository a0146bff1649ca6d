// Record ids: 15 characters with letter case, or 18 with three that check it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace salesforce {

/// The id with 18 characters; nothing for a text that is none, or whose check characters are wrong.
std::optional<std::string> full_id(std::string_view text);
/// … and begins with the object's prefix: "500" is a case.
std::optional<std::string> full_id(std::string_view text, std::string_view prefix);

}  // namespace salesforce
