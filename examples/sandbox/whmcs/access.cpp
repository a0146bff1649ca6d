// The order of rejections.
#include "examples/sandbox/whmcs/access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace {

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::any_of(list.begin(), list.end(),
                     [&](const auto& entry) { return entry == "*" || entry == value; });
}

/// The credential the call names and proves, or the reason why not.
std::optional<Rejection> find_credential(const FormValue& form, const Switches& switches,
                                         const Credential*& found) {
  static const Credential kLegacy;
  std::string_view identifier = text_of(form, "identifier");
  std::string_view secret = text_of(form, "secret");
  const bool pair_as_login = identifier.empty() && secret.empty();
  if (pair_as_login) {
    identifier = text_of(form, "username");
    secret = text_of(form, "password");
  }
  if (identifier.empty() && secret.empty()) return Rejection{403, "Authentication Failed"};
  if (pair_as_login && !switches.legacy_admin.empty() && identifier == switches.legacy_admin) {
    if (!equal_ignoring_case(secret, switches.legacy_password_md5))
      return Rejection{403, "Invalid password provided"};
    found = &kLegacy;
    return std::nullopt;
  }
  const auto known = switches.credentials.find(std::string(identifier));
  if (known == switches.credentials.end()) return Rejection{403, "Invalid or missing credentials"};
  if (known->second.secret != secret) return Rejection{403, "Authentication Failed"};
  found = &known->second;
  return std::nullopt;
}

}  // namespace

std::string_view text_of(const FormValue& form, std::string_view name) {
  const auto* value = form.find(name);
  return value == nullptr || value->is_array ? std::string_view{} : std::string_view(value->text);
}

std::optional<Rejection> reject(const FormValue& form, std::string_view peer_ip, std::string_view action,
                                bool action_exists, const Switches& switches) {
  const bool has_key = !switches.access_key.empty() && text_of(form, "accesskey") == switches.access_key;
  if (!has_key && !contains(switches.allowed_ips, peer_ip))
    return Rejection{403, fmt::format("Invalid IP {}", peer_ip)};
  const Credential* credential = nullptr;
  if (auto rejection = find_credential(form, switches, credential)) return rejection;
  if (!credential->admin_enabled) return Rejection{403, "Administrator Account Disabled"};
  if (!credential->api_access) return Rejection{403, "Access Denied"};
  if (action.empty()) return Rejection{400, "Empty action request"};
  if (!contains(credential->actions, action))
    return Rejection{403, fmt::format("Invalid Permissions: API action \"{}\" is not allowed", action)};
  if (!action_exists)
    return Rejection{switches.unknown_action_status,
                     fmt::format("Invalid API Action: \"{}\" is not a valid API action", action)};
  return std::nullopt;
}

}  // namespace sandbox::whmcs
