// Signing in with address and password, and proving the password again.
#pragma once

#include "domain/forms.hpp"
#include "use_cases/session.hpp"

namespace auth {

struct SignedIn {
  Me me;
  Credentials credentials;
};

/// Known and unknown addresses get the same answer after the same work.
/// errors    401 auth.invalid_credentials; 429 auth.too_many_attempts; 503 service.busy
SignedIn sign_in(Parts& parts, const Browser& browser, const SignInForm& form);

/// Marks the session as proved now. returns  a new access token for it
/// errors    401 auth.invalid_credentials; 429 auth.too_many_attempts; 503 service.busy
std::string prove_again(Parts& parts, const Browser& browser, const PasswordForm& form);

}  // namespace auth
