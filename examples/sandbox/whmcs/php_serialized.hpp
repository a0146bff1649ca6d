// PHP's serialize() format, as several parameters carry it in base64: custom fields, configurable options.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "examples/sandbox/whmcs/php_form.hpp"

namespace sandbox::whmcs {

struct SerializedLimits {
  std::size_t bytes = 65'536;
  std::size_t values = 1000;  // in the whole text
  std::size_t depth = 8;
};

/// A serialized array. Keys that are decimal integers are the same key whether written i: or s:, a later one
/// wins; null and false are "", as PHP prints them. errors: std::runtime_error for anything else: object
/// tags, counts and lengths that do not fit, bytes after the end, more than the limits.
FormValue read_php_serialized(std::string_view text, const SerializedLimits& limits = {});
/// The same from "YToxOn…".
FormValue read_base64_serialized(std::string_view base64);
/// Field id → text of a flat map; nested values are left out. errors: as above.
std::map<std::int64_t, std::string> read_custom_fields(std::string_view base64);
/// Option id → choice or quantity; {optionid, qty} counts as its quantity, or as its option. errors: as
/// above.
std::map<std::int64_t, std::int64_t> read_options(std::string_view base64);

}  // namespace sandbox::whmcs
