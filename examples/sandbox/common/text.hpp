// Small text helpers every room of the sandbox uses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sandbox {

/// `& < > " '` to entities with the apostrophe as `&#039;`, as PHP's htmlspecialchars does with quotes on.
std::string html_escape(std::string_view text);
/// The reverse, once.
std::string html_unescape(std::string_view text);
/// ASCII lower case.
std::string lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_ignoring_case(std::string_view text, std::string_view prefix);
std::string trim(std::string_view text);
/// Text with every byte that is not well-formed UTF-8 replaced by U+FFFD.
std::string well_formed(std::string_view bytes);
/// `count` random bytes from the system as lower-case hex.
std::string random_hex(std::size_t count);
/// %XX and '+' decoded; a '%' without two hex digits stays.
std::string url_decode(std::string_view text);
std::string url_encode(std::string_view text);
/// PHP's (int): leading blanks, sign, digits; anything after them is ignored, no digits is 0.
std::int64_t php_int(std::string_view text);

}  // namespace sandbox
