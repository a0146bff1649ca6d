// Passwords of the played users: bcrypt, as WHMCS stores them, at the lowest cost.
#pragma once

#include <string>

namespace sandbox::whmcs {

/// "$2y$04$…" with a fresh salt. errors: std::runtime_error if the system has no bcrypt.
std::string hash_password(const std::string& password);
bool password_fits(const std::string& password, const std::string& hash);

}  // namespace sandbox::whmcs
