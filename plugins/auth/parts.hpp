// What every use case works with: the host, the settings, and the keyed tools made from them.
#pragma once

#include <portico/contracts/accounts.hpp>
#include <portico/contracts/billing.hpp>
#include <portico/plugin.hpp>

#include "domain/access_token.hpp"
#include "domain/guessing.hpp"
#include "domain/password_hash.hpp"
#include "domain/refresh_token.hpp"

namespace auth {

struct Settings {
  std::string jwt_secret;
  std::string jwt_secret_previous;
  std::string password_pepper;
  std::string password_pepper_previous;
  std::int64_t bcrypt_rounds = 12;
  std::int64_t mails_per_hour = 10;
  std::string crash_at;
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (jwt_secret, jwt_secret_previous, password_pepper, password_pepper_previous,
                       bcrypt_rounds, mails_per_hour, crash_at))

/// Nobody's scope: before sign-in no row is visible, and the functions of migration 0002 answer what is
/// needed.
inline constexpr std::string_view kNobody = "00000000-0000-0000-0000-000000000000";

/// Made once at start; shared by the plugin's workers, which only read it (the hasher locks for itself).
struct Parts {
  explicit Parts(portico::Host& h)
      : host(h),
        settings(h.config().read<Settings>()),
        portal(h.config().portal()),
        hasher(static_cast<int>(settings.bcrypt_rounds), settings.password_pepper,
               settings.password_pepper_previous),
        access_tokens(portal.public_url, settings.jwt_secret, settings.jwt_secret_previous),
        refresh_tokens(settings.jwt_secret, settings.jwt_secret_previous),
        try_keys(settings.password_pepper) {}

  std::string new_token() const;  // 256 random bits, base64url
  std::string new_uuid() const;
  std::string make_hash(std::string_view password) { return hasher.make(password, host.crypto().random(16)); }
  std::string page(std::string_view path_and_fragment) const {
    return portal.public_url + std::string(path_and_fragment);
  }

  /// Runs fn(Transaction&) before anybody is signed in.
  template <class F>
  auto as_nobody(F&& fn) const {
    return host.database().as_user(kNobody, std::forward<F>(fn));
  }

  /// Ends the process when the test asked for it; the durable steps of a sign-up are bracketed by these.
  void crash_point(std::string_view label) const;

  portico::Host& host;
  const Settings settings;
  const portico::PortalInfo portal;
  PasswordHasher hasher;
  const AccessTokens access_tokens;
  const RefreshTokens refresh_tokens;
  const TryKeys try_keys;
};

/// What a request says of the browser it comes from.
struct Browser {
  std::string address;     // of the client
  std::string device;      // raw cookie, may be empty
  std::string session_id;  // of the session it is signed in with, may be empty
  std::string user_id;     // likewise
  std::string language;
};

}  // namespace auth
