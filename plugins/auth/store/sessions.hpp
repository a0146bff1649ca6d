// Rows of sessions, refresh_tokens and devices.
#pragma once

#include <optional>
#include <portico/contract.hpp>
#include <portico/database.hpp>
#include <string>
#include <vector>

namespace auth {

/// What the authenticator asks of a session; kept in the cache for a minute.
struct SessionView {
  bool live = false;
  std::string roles;
  std::string language;
  std::int64_t proved_at_us = 0;
  std::int64_t expires_at_us = 0;
};
BOOST_DESCRIBE_STRUCT(SessionView, (), (live, roles, language, proved_at_us, expires_at_us))

enum class Rotation { rotated, repeated, unknown, ended, idle, reused };

struct Rotated {
  Rotation outcome = Rotation::unknown;
  bool use_old = false;  // hand out the successor of the previous key
  std::string session_id, user_id;
  portico::Time expires_at;
};

struct SessionRef {
  std::string session_id, user_id;
};

namespace store {

/// A new family with its first refresh token. returns  when it ends at the latest
portico::Time add_session(portico::Transaction& tx, std::string_view session_id, std::string_view user_id,
                          std::string_view token_sha256);
SessionView view_session(portico::Transaction& tx, std::string_view session_id);
void prove_session(portico::Transaction& tx, std::string_view session_id);
void end_session(portico::Transaction& tx, std::string_view session_id, std::string_view because);
/// returns  the sessions that were live until now
std::vector<std::string> end_all_sessions(portico::Transaction& tx, std::string_view user_id,
                                          std::string_view because);

/// One step of the chain; see rotate_refresh in migration 0002. next has one or two successors, raw.
Rotated rotate(portico::Transaction& tx, std::string_view token, const std::vector<std::string>& next);
std::optional<SessionRef> end_session_of(portico::Transaction& tx, std::string_view token);

void remember_device(portico::Transaction& tx, std::string_view user_id, std::string_view device_sha256);
void forget_devices(portico::Transaction& tx, std::string_view user_id);

}  // namespace store
}  // namespace auth
