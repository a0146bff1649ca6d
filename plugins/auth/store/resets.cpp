// The statements on resets.
#include "store/resets.hpp"

#include "domain/digest.hpp"

namespace auth::store {

using portico::Parameter;

ResetRequested request_reset(portico::Transaction& tx, std::string_view email, std::string_view token_sha256,
                             std::string_view mail_key, std::int64_t mail_limit) {
  const auto rows = tx.run(
      "SELECT known, may_mail, email_as_typed, language FROM request_reset($1, $2, $3::int, $4, $5::int)",
      {email, Parameter::bytes(token_sha256), kResetLifetime_s, Parameter::bytes(mail_key), mail_limit});
  return {rows.boolean(0, 0), rows.boolean(0, 1), rows.text_or_null(0, 2).value_or(""),
          rows.text_or_null(0, 3).value_or("")};
}

FoundReset find_reset(portico::Transaction& tx, std::string_view token) {
  const auto sha = sha256(token);
  const auto rows = tx.run("SELECT state, user_id FROM find_reset($1)", {Parameter::bytes(sha)});
  if (rows.empty()) return {};
  const auto state = rows.text(0, 0);
  return {state == "ok"     ? ResetState::ok
          : state == "used" ? ResetState::used
                            : ResetState::expired,
          rows.text(0, 1)};
}

bool use_reset(portico::Transaction& tx, std::string_view token) {
  const auto sha = sha256(token);
  return tx.run(
               "UPDATE resets SET used_at = now() WHERE token_sha256 = $1 AND used_at IS NULL AND expires_at "
               "> now()",
               {Parameter::bytes(sha)})
             .affected() == 1;
}

}  // namespace auth::store
