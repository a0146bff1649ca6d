// What a password must be: long, and not one that guessers try first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

inline constexpr std::size_t kMinPassword = 15;  // code points after NFC
inline constexpr std::size_t kMaxPassword = 256;

/// The rules that need the password alone; no rule asks for kinds of characters.
///
/// returns  null, or a field-error code: required, too_short, too_long, invalid_characters, password_common
/// source   docs/decisions; NIST SP 800-63B-4 3.1.1.2, OWASP ASVS 5.0 6.2
const char* check_password(std::string_view typed);

/// Whether little is left of the password without these words, digits and separators. Words of fewer than
/// three code points do not count.
///
/// words    the person's names and mail address, the portal's name
/// returns  null or password_common
const char* check_password_for(std::string_view typed, const std::vector<std::string>& words);

/// The parts of a mail address and of names that nobody should build a password on.
std::vector<std::string> personal_words(std::string_view email, const std::vector<std::string_view>& names);

}  // namespace auth
