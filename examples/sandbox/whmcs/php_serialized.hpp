// PHP's serialize() format, as AddClient and UpdateClient take custom fields: base64 of a flat map.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sandbox::whmcs {

/// Field id → text of "YToxOn…". Scalars only, at most 200 entries. errors: std::runtime_error for anything
/// else, object tags included.
std::map<std::int64_t, std::string> read_custom_fields(std::string_view base64);

}  // namespace sandbox::whmcs
