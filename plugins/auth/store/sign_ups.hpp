// Rows of sign_ups: asked for, claimed with an epoch, finished or refused.
#pragma once

#include <optional>
#include <portico/database.hpp>
#include <string>
#include <vector>

#include "domain/sign_up_state.hpp"

namespace auth {

inline constexpr int kLinkLifetime_s = 30 * 60;
inline constexpr int kLease_s = 20;  // longer than a request may last

struct NewSignUp {
  std::string id;
  std::string email;
  std::string token_sha256;
  std::string browser_sha256;
  std::string sealed;
  std::string password_hash;
  std::string mail_key;
  std::int64_t mail_limit = 0;
};

struct Requested {
  bool known = false;  // the address has an account; nothing was kept
  bool may_mail = false;
  std::string language;  // of the account that is known
};

struct FoundSignUp {
  std::string id;
  SignUpState state = SignUpState::pending;
  bool past_deadline = false;
  std::string browser_sha256;
  std::optional<std::string> password_hash;
  std::string refused_code;
  std::string lease_owner;  // of the last claim that was not released
};

/// A sign-up this process may work on until the lease ends.
struct Claim {
  std::string id;
  std::int64_t epoch = 0;
  SignUpState state = SignUpState::confirmed;
  std::string user_id;
  std::string sealed;
  std::string password_hash;
  std::string customer_id;
  bool confirmed_now = false;
  int tries = 0;
};

namespace store {

Requested request_sign_up(portico::Transaction& tx, const NewSignUp& sign_up);
std::optional<FoundSignUp> find_sign_up(portico::Transaction& tx, std::string_view token);
/// nullopt: somebody is at work on it, or it has ended. dead_owner: a lease holder that is gone, may be
/// empty.
std::optional<Claim> claim_sign_up(portico::Transaction& tx, std::string_view id, std::string_view owner,
                                   std::string_view dead_owner);
std::vector<std::string> sign_ups_to_finish(portico::Transaction& tx, int limit);
bool has_account(portico::Transaction& tx, std::string_view email);

// Each is false when the claim has been taken over: then nothing was changed.
bool keep_customer(portico::Transaction& tx, const Claim& claim, std::string_view customer_id);
bool end_active(portico::Transaction& tx, const Claim& claim);
bool end_refused(portico::Transaction& tx, const Claim& claim, std::string_view code);
bool release(portico::Transaction& tx, const Claim& claim, int next_try_in_s);

}  // namespace store
}  // namespace auth
