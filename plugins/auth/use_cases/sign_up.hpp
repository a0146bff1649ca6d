// Signing up: a form, a mailed link, a customer in billing, an account. Resumed wherever it was cut off.
#pragma once

#include <optional>

#include "domain/forms.hpp"
#include "store/sign_ups.hpp"
#include "use_cases/sign_in.hpp"

namespace auth {

/// Keeps the form, sealed, and mails a link; somebody who has an account gets a mail saying so instead.
///
/// returns   the value that lets this browser open the link without the password
/// errors    422 request.invalid; 503 service.busy
std::string request_sign_up(Parts& parts, const SignUpForm& form);

/// Opens the mailed link and finishes the sign-up.
///
/// browser_nonce  what request_sign_up gave this browser, may be empty
/// errors    410 auth.link_expired, auth.link_used; 403 auth.password_needed; 401 auth.invalid_credentials;
///           429 auth.too_many_attempts; 409 auth.customer_exists, auth.sign_up_running; 422 billing.refused;
///           503 upstream.unavailable (the link stays good), service.busy
SignedIn confirm_sign_up(Parts& parts, const Browser& browser, const ConfirmForm& form,
                         std::string_view browser_nonce);

/// The task: finishes sign-ups that were confirmed and then cut off, and mails that the account is ready.
void finish_sign_ups(Parts& parts);

// The durable steps, each a commit of its own, so that tests can stop between any two.
namespace step {

/// nullopt when somebody is at work on it or it has ended.
std::optional<Claim> claim(const Parts& parts, std::string_view id, std::string_view dead_owner);
/// Makes the customer in billing, marked with the sign-up's id, and keeps its id.
void create_customer(const Parts& parts, Claim& claim, const PendingPerson& person);
/// Users row, mapping, and, with a browser, a session. returns  its credentials
std::optional<Credentials> make_account(const Parts& parts, const Claim& claim, const PendingPerson& person,
                                        const Browser* browser);

}  // namespace step
}  // namespace auth
