// Parameters as the log may show them.
#include "examples/sandbox/whmcs/call_log.hpp"

#include <algorithm>
#include <array>

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

bool is_secret(std::string_view name) {
  constexpr std::array<std::string_view, 14> kSecrets{
      "identifier", "secret",       "username",        "password",    "password2",
      "accesskey",  "securityqans", "cardnum",         "card_number", "card_expiry",
      "cvv",        "bank_account", "servicepassword", "rootpw"};
  return std::find(kSecrets.begin(), kSecrets.end(), name) != kSecrets.end();
}

json::value shown(const FormValue& value) {
  if (!value.is_array) return json::value(value.text);
  json::object out;
  for (const auto& [key, entry] : value.entries) out[key] = shown(entry);
  return out;
}

}  // namespace

json::object logged_params(const FormValue& form) {
  json::object params;
  for (const auto& [name, value] : form.entries) {
    if (name == "action" || name == "responsetype") continue;
    params[name] = is_secret(name) ? json::value("[removed]") : shown(value);
  }
  return params;
}

}  // namespace sandbox::whmcs
