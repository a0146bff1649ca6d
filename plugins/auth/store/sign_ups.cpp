// The statements on sign_ups.
#include "store/sign_ups.hpp"

#include "domain/digest.hpp"

namespace auth::store {

using portico::Parameter;

Requested request_sign_up(portico::Transaction& tx, const NewSignUp& s) {
  const auto rows = tx.run(
      "SELECT known, may_mail, language FROM request_sign_up($1::uuid, $2, $3, $4, $5, $6, $7::int, $8, "
      "$9::int)",
      {s.id, s.email, Parameter::bytes(s.token_sha256), Parameter::bytes(s.browser_sha256),
       Parameter::bytes(s.sealed), s.password_hash, kLinkLifetime_s, Parameter::bytes(s.mail_key),
       s.mail_limit});
  return {rows.boolean(0, 0), rows.boolean(0, 1), rows.text_or_null(0, 2).value_or("")};
}

std::optional<FoundSignUp> find_sign_up(portico::Transaction& tx, std::string_view token) {
  const auto sha = sha256(token);
  const auto rows = tx.run(
      "SELECT id, state, past_deadline, browser_sha256, password_hash, refused_code, lease_owner FROM "
      "find_sign_up($1)",
      {Parameter::bytes(sha)});
  if (rows.empty()) return std::nullopt;
  return FoundSignUp{rows.text(0, 0),
                     sign_up_state(rows.text(0, 1)),
                     rows.boolean(0, 2),
                     rows.bytes(0, 3),
                     rows.text_or_null(0, 4),
                     rows.text_or_null(0, 5).value_or(""),
                     rows.text_or_null(0, 6).value_or("")};
}

std::optional<Claim> claim_sign_up(portico::Transaction& tx, std::string_view id, std::string_view owner,
                                   std::string_view dead_owner) {
  const auto rows = tx.run(
      "SELECT epoch, state, user_id, sealed, password_hash, billing_customer_id, confirmed_now, tries "
      "FROM claim_sign_up($1::uuid, $2, nullif($3, ''), $4::int)",
      {id, owner, dead_owner, kLease_s});
  if (rows.empty()) return std::nullopt;
  Claim c;
  c.id = std::string(id);
  c.epoch = rows.integer(0, 0);
  c.state = sign_up_state(rows.text(0, 1));
  c.user_id = rows.text(0, 2);
  c.sealed = rows.bytes(0, 3);
  c.password_hash = rows.text(0, 4);
  c.customer_id = rows.text_or_null(0, 5).value_or("");
  c.confirmed_now = rows.boolean(0, 6);
  c.tries = static_cast<int>(rows.integer(0, 7));
  return c;
}

std::vector<std::string> sign_ups_to_finish(portico::Transaction& tx, int limit) {
  const auto rows = tx.run("SELECT id FROM sign_ups_to_finish($1::int)", {limit});
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rows.size(); ++i) out.push_back(rows.text(i, 0));
  return out;
}

bool has_account(portico::Transaction& tx, std::string_view email) {
  return tx.run("SELECT has_account($1)", {email}).boolean(0, 0);
}

bool keep_customer(portico::Transaction& tx, const Claim& c, std::string_view customer_id) {
  return tx.run(
               "UPDATE sign_ups SET state = 'customer_created', billing_customer_id = $3 "
               "WHERE id = $1::uuid AND epoch = $2 AND state = 'confirmed'",
               {c.id, c.epoch, customer_id})
             .affected() == 1;
}

bool end_active(portico::Transaction& tx, const Claim& c) {
  return tx.run(
               "UPDATE sign_ups SET state = 'active', ended_at = now(), sealed = NULL, password_hash = NULL, "
               "lease_owner = NULL, lease_until = NULL WHERE id = $1::uuid AND epoch = $2 AND state = "
               "'customer_created'",
               {c.id, c.epoch})
             .affected() == 1;
}

bool end_refused(portico::Transaction& tx, const Claim& c, std::string_view code) {
  return tx.run(
               "UPDATE sign_ups SET state = 'refused', refused_code = $3, ended_at = now(), sealed = NULL, "
               "password_hash = NULL, lease_owner = NULL, lease_until = NULL "
               "WHERE id = $1::uuid AND epoch = $2 AND state IN ('confirmed', 'customer_created')",
               {c.id, c.epoch, code})
             .affected() == 1;
}

bool release(portico::Transaction& tx, const Claim& c, int next_try_in_s) {
  return tx.run(
               "UPDATE sign_ups SET lease_owner = NULL, lease_until = NULL, "
               "next_try_at = now() + make_interval(secs => $3::int) WHERE id = $1::uuid AND epoch = $2",
               {c.id, c.epoch, next_try_in_s})
             .affected() == 1;
}

}  // namespace auth::store
