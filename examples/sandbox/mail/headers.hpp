// Mail headers: unfolded, with encoded words decoded to UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandbox::mail {

struct Headers {
  std::vector<std::pair<std::string, std::string>> fields;  // raw values, unfolded
  std::size_t body_at = 0;                                  // where the body begins

  /// Value of the first field of this name (any letter case), or "".
  std::string get(std::string_view name) const;
};

Headers read_headers(std::string_view message);
/// RFC 2047: "=?utf-8?B?…?=" to text; blanks between two encoded words vanish. Unknown charsets stay as they
/// are.
std::string decode_words(std::string_view text);
/// Text of a charset as well-formed UTF-8.
std::string to_utf8(const std::string& text, std::string_view charset);

}  // namespace sandbox::mail
