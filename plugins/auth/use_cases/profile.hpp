// The person behind an account: shown from billing, changed in billing, kept as a sealed copy for bad times.
#pragma once

#include <chrono>
#include <optional>

#include "domain/forms.hpp"
#include "parts.hpp"
#include "store/accounts.hpp"

namespace auth {

struct ShownProfile {
  Me me;
  std::optional<std::chrono::seconds> stale_for;  // set: billing did not answer, this is how old the copy is
};

/// Asks billing (a minute cached), else shows the copy.
/// errors    401 auth.required; those of billing when there is no copy
ShownProfile show_profile(const Parts& parts, std::string_view user_id);

/// At sign-in: from the copy alone, so that signing in works while billing does not.
/// errors    those of billing when there is no copy
Me show_copy(const Parts& parts, const Account& account);

/// errors    503 upstream.*; 422 billing.refused
Me change_profile(const Parts& parts, const Browser& browser, const ProfileChange& change);
Me change_address(const Parts& parts, const Browser& browser, const AddressForm& address);

Me to_me(const Account& account, const Profile& profile);
std::string seal_profile(const Parts& parts, std::string_view user_id, const Profile& profile);
Profile open_profile(const Parts& parts, std::string_view user_id, std::string_view sealed);

/// Who the user is in the systems of record, from the cache.
/// errors    404 accounts.not_linked
portico::accounts::Links get_links(const Parts& parts, std::string_view user_id);

}  // namespace auth
