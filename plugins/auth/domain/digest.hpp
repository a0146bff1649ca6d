// Digests and text forms of bytes, as the other parts of auth need them.
#pragma once

#include <string>
#include <string_view>

namespace auth {

std::string sha256(std::string_view data);                             // 32 bytes
std::string hmac_sha256(std::string_view key, std::string_view data);  // 32 bytes
std::string hmac_sha384(std::string_view key, std::string_view data);  // 48 bytes
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);  // no padding
std::string hex(std::string_view bytes);
/// Takes the same time wherever the first difference is.
bool same_secret(std::string_view a, std::string_view b);
/// A random (version 4) UUID from 16 random bytes.
std::string uuid_from(std::string_view random16);

}  // namespace auth
