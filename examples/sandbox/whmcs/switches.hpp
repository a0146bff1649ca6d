// The quirks of the played WHMCS, each a switch; the defaults are what the reference describes.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "examples/sandbox/common/json_text.hpp"
#include "examples/sandbox/whmcs/hooks.hpp"

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
  bool strict_arrays = true;              // 8.6 refuses pid=1 where pid[]=1 is meant
  std::string bad_pid = "empty";          // empty | error: GetProducts about a product that is not there
  bool hidden_products = true;            // GetProducts lists what is hidden too
  std::string no_invoice_id = "missing";  // missing | zero | null: AddOrder where nothing is due
  bool accept_without_module = true;      // AcceptOrder activates services that have no module
  std::string upgrade_effect = "paid";    // paid | accepted: when an upgrade is carried out
  std::string paid_by_update = "silent";  // silent | pipeline: what UpdateInvoice status=Paid sets off
  std::string module_failure;             // what every module answers; "" lets them do well
  std::string module_repeat = "accept";   // accept | refuse: a module asked for what already is
  bool service_edit_hook = true;          // UpdateClientProduct calls ServiceEdit
  bool local_cards = true;                // AddPayMethod may store card numbers
  HookTarget hooks;

  bool version9() const { return version.starts_with("9"); }

  boost::json::object to_json() const;
  /// Changes only what `changes` names. errors: BadRequest; nothing is changed then.
  void update(const boost::json::object& changes);
};

}  // namespace sandbox::whmcs
