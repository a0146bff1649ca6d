// Forgotten passwords: a mailed link, and the new password it allows.
#pragma once

#include "domain/forms.hpp"
#include "use_cases/sign_in.hpp"

namespace auth {

/// Mails a link to the owner of the address, and nothing to nobody; the caller cannot tell.
void forget_password(const Parts& parts, const EmailForm& form);

/// Sets the password, ends every session, opens one, and tells the owner.
/// errors    410 auth.link_expired, auth.link_used; 422 request.invalid; 503 service.busy
SignedIn choose_password(Parts& parts, const NewPasswordForm& form);

}  // namespace auth
