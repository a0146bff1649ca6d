// Base64: of files and credentials.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace salesforce {

std::string base64_encode(std::string_view bytes);
/// RFC 4648 section 5, without padding.
std::string base64url_encode(std::string_view bytes);
/// Strict: unpadded, no stray bits. Nothing for any other text.
std::optional<std::string> base64url_decode(std::string_view text);
/// Strict: padded, no white space, no stray bits. Nothing for any other text.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace salesforce
