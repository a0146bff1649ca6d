// Refresh tokens: opaque, rotating; each one determines its successor, so that a repeat gets the same one.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

inline constexpr std::chrono::hours kSessionLifetime{30 * 24};
inline constexpr std::chrono::hours kRefreshIdle{14 * 24};
inline constexpr std::chrono::seconds kRefreshGrace{30};

class RefreshTokens {
 public:
  /// Keys are derived from the secret that signs access tokens and the one before it (may be empty).
  RefreshTokens(const std::string& secret, const std::string& previous_secret);

  /// Under the current key, then under the previous one if there is one.
  std::vector<std::string> successors(std::string_view token) const;

 private:
  std::vector<std::string> keys_;
};

/// Text that can be one of our tokens (256 bits, base64url): anything else is not looked up.
bool is_token(std::string_view text);

}  // namespace auth
