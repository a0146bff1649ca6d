// The statements on users and id_mappings.
#include "store/accounts.hpp"

namespace auth::store {

Account get_account(portico::Transaction& tx, std::string_view user_id) {
  const auto rows = tx.run(
      "SELECT id, email_as_typed, language, array_to_string(roles, ','), password_hash, profile, profile_at, "
      "created_at, "
      "state = 'active' FROM users WHERE id = $1::uuid",
      {user_id});
  if (rows.empty()) throw portico::Problem(401, "auth.required", "the account is gone");
  Account a;
  a.id = rows.text(0, 0);
  a.email_as_typed = rows.text(0, 1);
  a.language = rows.text(0, 2);
  a.roles = rows.text(0, 3);
  a.password_hash = rows.text_or_null(0, 4);
  if (!rows.null(0, 5)) a.sealed_profile = rows.bytes(0, 5);
  if (!rows.null(0, 6)) a.profile_at = rows.time(0, 6);
  a.created_at = rows.time(0, 7);
  a.active = rows.boolean(0, 8);
  return a;
}

void add_account(portico::Transaction& tx, const NewAccount& a) {
  tx.run(
      "INSERT INTO users(id, email, email_as_typed, password_hash, language, profile, profile_at, "
      "terms_accepted_at) "
      "VALUES ($1::uuid, $2, $3, $4, $5, $6, now(), now())",
      {a.id, a.email, a.email_as_typed, a.password_hash, a.language,
       portico::Parameter::bytes(a.sealed_profile)});
  tx.run("INSERT INTO id_mappings(user_id, billing_customer_id) VALUES ($1::uuid, $2)",
         {a.id, a.billing_customer_id});
}

bool replace_hash(portico::Transaction& tx, std::string_view user_id,
                  const std::optional<std::string>& checked, std::string_view replacement) {
  return tx.run(
               "UPDATE users SET password_hash = $3 WHERE id = $1::uuid AND password_hash = $2 AND state = "
               "'active'",
               {user_id, checked, replacement})
             .affected() == 1;
}

void set_password(portico::Transaction& tx, std::string_view user_id, std::string_view hash) {
  tx.run("UPDATE users SET password_hash = $2, password_changed_at = now() WHERE id = $1::uuid",
         {user_id, hash});
}

void set_profile(portico::Transaction& tx, std::string_view user_id, std::string_view sealed) {
  tx.run("UPDATE users SET profile = $2, profile_at = now() WHERE id = $1::uuid",
         {user_id, portico::Parameter::bytes(sealed)});
}

void set_language(portico::Transaction& tx, std::string_view user_id, std::string_view language) {
  tx.run("UPDATE users SET language = $2 WHERE id = $1::uuid", {user_id, language});
}

std::optional<portico::accounts::Links> find_links(portico::Transaction& tx, std::string_view user_id) {
  const auto rows = tx.run(
      "SELECT billing_customer_id, crm_contact_id, crm_account_id FROM id_mappings WHERE user_id = $1::uuid",
      {user_id});
  if (rows.empty()) return std::nullopt;
  return portico::accounts::Links{std::string(user_id), rows.text(0, 0), rows.text_or_null(0, 1),
                                  rows.text_or_null(0, 2)};
}

}  // namespace auth::store
