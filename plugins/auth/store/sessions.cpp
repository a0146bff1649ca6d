// The statements on sessions, their tokens and devices.
#include "store/sessions.hpp"

#include "domain/digest.hpp"
#include "domain/refresh_token.hpp"

namespace auth::store {
namespace {

using portico::Parameter;

template <class D>
std::int64_t in_seconds(D d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d).count();
}

Rotation rotation(std::string_view name) {
  if (name == "rotated") return Rotation::rotated;
  if (name == "repeated") return Rotation::repeated;
  if (name == "ended") return Rotation::ended;
  if (name == "idle") return Rotation::idle;
  if (name == "reused") return Rotation::reused;
  return Rotation::unknown;
}

}  // namespace

portico::Time add_session(portico::Transaction& tx, std::string_view session_id, std::string_view user_id,
                          std::string_view token_sha256) {
  const auto rows = tx.run(
      "INSERT INTO sessions(id, user_id, expires_at) VALUES ($1::uuid, $2::uuid, now() + make_interval(secs "
      "=> $3::int)) "
      "RETURNING expires_at",
      {session_id, user_id, in_seconds(kSessionLifetime)});
  tx.run(
      "INSERT INTO refresh_tokens(sha256, session_id, user_id, expires_at) "
      "VALUES ($1, $2::uuid, $3::uuid, now() + make_interval(secs => $4::int))",
      {Parameter::bytes(token_sha256), session_id, user_id, in_seconds(kRefreshIdle)});
  return rows.time(0, 0);
}

SessionView view_session(portico::Transaction& tx, std::string_view session_id) {
  const auto rows = tx.run(
      "SELECT array_to_string(u.roles, ','), u.language, s.proved_at, s.expires_at FROM sessions s JOIN "
      "users u ON u.id = s.user_id "
      "WHERE s.id = $1::uuid AND s.ended_at IS NULL AND s.expires_at > now() AND u.state = 'active'",
      {session_id});
  if (rows.empty()) return {};
  return {true, rows.text(0, 0), rows.text(0, 1), rows.time(0, 2).time_since_epoch().count(),
          rows.time(0, 3).time_since_epoch().count()};
}

void prove_session(portico::Transaction& tx, std::string_view session_id) {
  tx.run("UPDATE sessions SET proved_at = now() WHERE id = $1::uuid AND ended_at IS NULL", {session_id});
}

void end_session(portico::Transaction& tx, std::string_view session_id, std::string_view because) {
  tx.run("UPDATE sessions SET ended_at = now(), ended_because = $2 WHERE id = $1::uuid AND ended_at IS NULL",
         {session_id, because});
}

std::vector<std::string> end_all_sessions(portico::Transaction& tx, std::string_view user_id,
                                          std::string_view because) {
  const auto rows = tx.run(
      "UPDATE sessions SET ended_at = now(), ended_because = $2 WHERE user_id = $1::uuid AND ended_at IS "
      "NULL RETURNING id",
      {user_id, because});
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rows.size(); ++i) out.push_back(rows.text(i, 0));
  return out;
}

Rotated rotate(portico::Transaction& tx, std::string_view token, const std::vector<std::string>& next) {
  const auto sha = sha256(token), first = sha256(next.at(0)), second = sha256(next.back());
  const auto rows = tx.run(
      "SELECT outcome, use_old, session_id, user_id, expires_at FROM rotate_refresh($1, $2, $3, $4::int, "
      "$5::int)",
      {Parameter::bytes(sha), Parameter::bytes(first), Parameter::bytes(second), in_seconds(kRefreshIdle),
       in_seconds(kRefreshGrace)});
  Rotated out;
  out.outcome = rotation(rows.text(0, 0));
  out.use_old = rows.boolean(0, 1);
  out.session_id = rows.text_or_null(0, 2).value_or("");
  out.user_id = rows.text_or_null(0, 3).value_or("");
  if (!rows.null(0, 4)) out.expires_at = rows.time(0, 4);
  return out;
}

std::optional<SessionRef> end_session_of(portico::Transaction& tx, std::string_view token) {
  const auto sha = sha256(token);
  const auto rows = tx.run("SELECT session_id, user_id FROM end_session_of($1)", {Parameter::bytes(sha)});
  if (rows.empty()) return std::nullopt;
  return SessionRef{rows.text(0, 0), rows.text(0, 1)};
}

void remember_device(portico::Transaction& tx, std::string_view user_id, std::string_view device_sha256) {
  tx.run(
      "INSERT INTO devices(sha256, user_id) VALUES ($1, $2::uuid) ON CONFLICT (sha256, user_id) DO UPDATE "
      "SET used_at = now()",
      {Parameter::bytes(device_sha256), user_id});
}

void forget_devices(portico::Transaction& tx, std::string_view user_id) {
  tx.run("DELETE FROM devices WHERE user_id = $1::uuid", {user_id});
}

}  // namespace auth::store
