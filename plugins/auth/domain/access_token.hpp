// Access tokens: short-lived JWTs that name a session; the session row says whether they still count.
#pragma once

#include <Poco/Crypto/OpenSSLInitializer.h>

#include <chrono>
#include <map>
#include <optional>
#include <portico/database.hpp>
#include <string>
#include <string_view>

namespace auth {

inline constexpr std::chrono::minutes kAccessLifetime{10};
inline constexpr std::chrono::seconds kClockLeeway{60};
inline constexpr std::size_t kMaxAccessToken = 2048;  // bytes; ours have about 400
inline constexpr std::size_t kMinSecret = 32;         // bytes

struct AccessClaims {
  std::string user_id;
  std::string session_id;
  portico::Time expires_at;
};

/// Why a token was not taken, for metrics and tests; never shown.
enum class TokenFault {
  none,
  too_large,
  malformed,
  algorithm,
  type,
  unknown_key,
  signature,
  issuer,
  audience,
  expired,
  not_yet,
  subject
};

class AccessTokens {
 public:
  /// secret    ≥ 32 bytes; previous: the one before during a rotation, may be empty
  /// errors    500 auth.secret_too_short
  AccessTokens(std::string issuer, const std::string& secret, const std::string& previous_secret);

  std::string issue(std::string_view user_id, std::string_view session_id, portico::Time now) const;

  /// HS256 under one of our own keys, nothing else; times with a leeway of a minute.
  std::optional<AccessClaims> verify(std::string_view token, portico::Time now,
                                     TokenFault* why = nullptr) const;

 private:
  // Poco's digests set it up and take it down around each use, counted, but not safely by several threads at
  // once: held here, the count never comes to zero.
  Poco::Crypto::OpenSSLInitializer crypto_;
  std::string issuer_;
  std::string current_id_;
  std::map<std::string, std::string, std::less<>> keys_;  // by key id, at most two
};

}  // namespace auth
