// Keeps secrets and personal data out of the log: by the name of a field and by the look of a value.
#pragma once

#include <string>
#include <string_view>

namespace kernel::observe {

/// True for names that hold a credential (password, token, secret, cookie, authorization, identifier, access
/// key …) or personal data (e-mail, phone, postal address, person's name …). Case, '_', '-' and '.' do not
/// matter.
bool names_private(std::string_view key) noexcept;

/// False for a text that masked() would give back as it is; a quick look.
bool may_hold_secret(std::string_view value) noexcept;

/// The value with everything masked that looks like a credential or an e-mail address: bearer and basic
/// credentials, JWTs, `access_token=…` pairs, JSON members and header lines with a private name,
/// user:password@ in addresses. Linear in the length of the value.
std::string masked(std::string_view value);

}  // namespace kernel::observe
