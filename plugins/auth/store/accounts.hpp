// Rows of users and id_mappings.
#pragma once

#include <optional>
#include <portico/contracts/accounts.hpp>
#include <portico/database.hpp>
#include <string>

namespace auth {

struct Account {
  std::string id;
  std::string email_as_typed;
  std::string language;
  std::string roles;  // comma separated
  std::optional<std::string> password_hash;
  std::optional<std::string> sealed_profile;
  std::optional<portico::Time> profile_at;
  portico::Time created_at;
  bool active = false;
};

struct NewAccount {
  std::string id;
  std::string email;
  std::string email_as_typed;
  std::string password_hash;
  std::string language;
  std::string sealed_profile;
  std::string billing_customer_id;
};

namespace store {

/// The user's own row. errors  401 auth.required when the account is gone
Account get_account(portico::Transaction& tx, std::string_view user_id);

/// errors  409 database.conflict when the address or the customer has an account
void add_account(portico::Transaction& tx, const NewAccount& account);

/// Replaces a hash that was just checked. False when it is no longer the stored one: the password was changed
/// meanwhile.
bool replace_hash(portico::Transaction& tx, std::string_view user_id,
                  const std::optional<std::string>& checked, std::string_view replacement);
void set_password(portico::Transaction& tx, std::string_view user_id, std::string_view hash);
void set_profile(portico::Transaction& tx, std::string_view user_id, std::string_view sealed);
void set_language(portico::Transaction& tx, std::string_view user_id, std::string_view language);

std::optional<portico::accounts::Links> find_links(portico::Transaction& tx, std::string_view user_id);

}  // namespace store
}  // namespace auth
