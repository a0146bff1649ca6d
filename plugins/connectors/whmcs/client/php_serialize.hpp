// PHP's serialize() format, in base64: how WHMCS takes custom fields and configurable options.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace whmcs {

/// One entry: a text or a whole number under a whole number.
using SerializedMap = std::vector<std::pair<std::int64_t, std::variant<std::string, std::int64_t>>>;

/// a:1:{i:7;s:10:"Zürich-01";} — lengths are bytes, nothing is escaped.
std::string php_serialize(const SerializedMap& map);
std::string base64_encode(std::string_view bytes);
/// What a parameter carries: YToxOntpOjc7czoxMDoiWsO8cmljaC0wMSI7fQ==
std::string serialized_parameter(const SerializedMap& map);

}  // namespace whmcs
