// Derives successors by HMAC.
#include "domain/refresh_token.hpp"

#include <algorithm>

#include "domain/digest.hpp"

namespace auth {

RefreshTokens::RefreshTokens(const std::string& secret, const std::string& previous_secret) {
  keys_.push_back(hmac_sha256(secret, "portico refresh token key"));
  if (!previous_secret.empty()) keys_.push_back(hmac_sha256(previous_secret, "portico refresh token key"));
}

std::vector<std::string> RefreshTokens::successors(std::string_view token) const {
  std::vector<std::string> out;
  for (const auto& key : keys_) out.push_back(base64url(hmac_sha256(key, token)));
  return out;
}

bool is_token(std::string_view text) {
  return text.size() == 43 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_';
         });
}

}  // namespace auth
