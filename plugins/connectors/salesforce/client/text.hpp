// Small rules for text that the org sends.
#pragma once

#include <string>
#include <string_view>

namespace salesforce {

/// For logs: one line, at most 300 bytes, whole characters.
std::string short_line(std::string_view text);
/// ASCII letters only.
std::string lower(std::string_view text);
/// Whether the text is UTF-8 without surrogates and overlong forms.
bool is_utf8(std::string_view text);
/// RFC 3986: letters, digits and "-._~" stay.
std::string percent_encode(std::string_view text);

}  // namespace salesforce
