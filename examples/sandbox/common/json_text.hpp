// Writing JSON the way PHP's json_encode does, with its escapes as switches.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace sandbox {

struct JsonEscapes {
  bool slash = true;        // "\/"
  bool non_ascii = true;    // "\u00fc" for ü, surrogate pairs above U+FFFF
  bool hex_quotes = false;  // "\u0022" inside texts, and \u0026 \u0027 \u003C \u003E with it
};

std::string php_json(const boost::json::value& value, const JsonEscapes& escapes);

}  // namespace sandbox
