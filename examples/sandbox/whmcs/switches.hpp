// The quirks of the played WHMCS, each a switch; the defaults are what the reference describes.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "examples/sandbox/common/json_text.hpp"

namespace sandbox::whmcs {

/// One API credential and what its roles allow.
struct Credential {
  std::string secret;
  std::vector<std::string> actions{"*"};  // lower-case action names; "*" allows all
  bool admin_enabled = true;
  bool api_access = true;
};

struct Switches {
  /// documented | empty_string | empty_array | empty_object | null | missing | single_object | numeric_keys |
  /// chaos
  std::string shapes = "documented";
  /// documented | strings | numbers | mixed
  std::string numbers = "documented";
  JsonEscapes escapes;
  std::vector<std::string> allowed_ips{"127.0.0.1", "::1"};  // "*" allows all
  std::string access_key;                                    // "" is none
  std::map<std::string, Credential> credentials;             // by identifier
  std::string legacy_admin;                                  // user name of the md5 login; "" is none
  std::string legacy_password_md5;
  std::string version = "8.13.1";
  std::string new_client_invoices = "every_state";  // none | every_state
  int unknown_action_status = 403;
  bool sequential_numbers = false;
  bool reject_duplicate_transid = false;
  std::string validation_errors = "first";  // first | all
  std::vector<std::string> blocked_email_domains;
  int sso_seconds = 60;

  bool version9() const { return version.starts_with("9"); }

  boost::json::object to_json() const;
  /// Changes only what `changes` names. errors: BadRequest; nothing is changed then.
  void update(const boost::json::object& changes);
};

}  // namespace sandbox::whmcs
