// Counting tries before their work is done, and what a sign-in may then see.
#pragma once

#include <optional>
#include <portico/database.hpp>
#include <string>

#include "domain/guessing.hpp"

namespace auth {

struct SignInStart {
  int wait_s = 0;  // > 0: refused, nothing else is filled
  bool known_device = false;
  std::optional<std::string> user_id;
  std::optional<std::string> password_hash;  // absent when the account may not sign in
};

/// errors  429 auth.too_many_attempts with Retry-After when wait_s > 0
void refuse_if_waiting(int wait_s);

namespace store {

/// Counts a try of the address and of the account, or of a device that signed in before, in one statement.
SignInStart begin_sign_in(portico::Transaction& tx, const TryKeys& keys, std::string_view email,
                          std::string_view device, std::string_view client_address);

/// Counts a try of a password outside sign-in. returns  seconds to wait, 0 to go on
int count_password_try(portico::Transaction& tx, std::string_view key, std::string_view address_key);
/// address_key may be empty: nothing is given back to the address.
void forgive(portico::Transaction& tx, std::string_view key, std::string_view address_key);

}  // namespace store
}  // namespace auth
