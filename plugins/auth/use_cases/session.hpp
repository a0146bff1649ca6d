// Sessions as people meet them: opened at sign-in, renewed, ended; and who a request comes from.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "parts.hpp"

namespace auth {

/// What a browser gets when a session opens or is renewed.
struct Credentials {
  std::string session_id;
  std::string access;
  std::string refresh;
  std::chrono::seconds refresh_for{0};
  std::string device;  // empty: leave the cookie
};

/// Opens a session for a user in the user's own transaction; the device may sign in when others are locked
/// out.
Credentials open_session(const Parts& parts, portico::Transaction& tx, std::string_view user_id,
                         std::string_view device);

/// After a commit: what was remembered of a session anywhere is forgotten.
void forget_session(const Parts& parts, std::string_view session_id);

/// errors    401 auth.session_expired
Credentials refresh_session(const Parts& parts, std::string_view refresh_token);

/// Ends what the browser has, by session or by refresh token; nothing to end is fine.
void sign_out(const Parts& parts, const Browser& browser, std::string_view refresh_token);

/// The identity behind an access token; nobody for one that is not good.
std::optional<portico::Identity> authenticate(const Parts& parts, std::string_view access_token);

}  // namespace auth
