// What every action of the played API is given and may answer.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/whmcs/access.hpp"
#include "examples/sandbox/whmcs/books.hpp"
#include "examples/sandbox/whmcs/hooks.hpp"
#include "examples/sandbox/whmcs/php_form.hpp"
#include "examples/sandbox/whmcs/pipeline.hpp"
#include "examples/sandbox/whmcs/shapes.hpp"
#include "examples/sandbox/whmcs/switches.hpp"

namespace sandbox::whmcs {

/// What the action itself refuses: HTTP 200 with result=error and this message.
struct ActionError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One call: its parameters and the books it may change. `changed` tells that a write happened.
struct Call {
  Books& books;
  const FormValue& form;
  const Switches& switches;
  const Clock& clock;
  Shapes& shapes;
  std::string peer_ip;
  std::string system_url;  // without a slash at the end
  bool changed = false;
  HookCalls hooks{};  // run once the change is on disk

  Surroundings surroundings() { return {books, clock, switches, hooks}; }
  bool has(std::string_view name) const { return form.find(name) != nullptr; }
  /// As sent.
  std::string_view raw(std::string_view name) const { return text_of(form, name); }
  /// Trimmed and HTML-escaped, as the core hands it to every action and as it is stored.
  std::string text(std::string_view name) const;
  Id integer(std::string_view name) const;
  /// PHP truth: anything but "", "0" and absence.
  bool flag(std::string_view name) const;
  /// The array under the name; null when absent. errors: ActionError where a text stands and arrays are
  /// wanted.
  const FormValue* list(std::string_view name) const;
  /// name[key], trimmed and escaped; "" when absent.
  std::string text_at(std::string_view name, std::string_view key) const;
};

/// One page of a list: limitstart/limitnum (default 25) and the three counters every paged answer has.
struct Page {
  std::size_t from = 0, count = 0;
};
Page page_of(Call& call, std::size_t total, boost::json::object& answer);

/// The gateways' module names; an unknown one is refused in WHMCS's words. errors: ActionError
void expect_gateway(std::string_view module);

/// A transaction as GetInvoice and GetTransactions print it: every number a text.
boost::json::object transaction_row(const Transaction& transaction);

using Action = boost::json::object (*)(Call&);

boost::json::object add_client(Call& call);
boost::json::object update_client(Call& call);
boost::json::object get_clients(Call& call);
boost::json::object get_clients_details(Call& call);
boost::json::object validate_login(Call& call);
boost::json::object get_users(Call& call);
boost::json::object create_sso_token(Call& call);
boost::json::object get_invoices(Call& call);
boost::json::object get_invoice(Call& call);
boost::json::object create_invoice(Call& call);
boost::json::object update_invoice(Call& call);
boost::json::object add_invoice_payment(Call& call);
boost::json::object get_transactions(Call& call);
boost::json::object get_payment_methods(Call& call);
boost::json::object get_currencies(Call& call);
boost::json::object get_order_statuses(Call& call);
boost::json::object whmcs_details(Call& call);
boost::json::object get_products(Call& call);
boost::json::object add_order(Call& call);
boost::json::object accept_order(Call& call);
boost::json::object cancel_order(Call& call);
boost::json::object pending_order(Call& call);
boost::json::object fraud_order(Call& call);
boost::json::object delete_order(Call& call);
boost::json::object get_orders(Call& call);
boost::json::object get_clients_products(Call& call);
boost::json::object update_client_product(Call& call);
boost::json::object add_cancel_request(Call& call);
boost::json::object upgrade_product(Call& call);
boost::json::object module_create(Call& call);
boost::json::object module_suspend(Call& call);
boost::json::object module_unsuspend(Call& call);
boost::json::object module_terminate(Call& call);
boost::json::object module_change_package(Call& call);
boost::json::object module_change_pw(Call& call);
boost::json::object module_custom(Call& call);
boost::json::object add_transaction(Call& call);
boost::json::object add_credit(Call& call);
boost::json::object apply_credit(Call& call);
boost::json::object get_credits(Call& call);
boost::json::object get_pay_methods(Call& call);
boost::json::object add_pay_method(Call& call);
boost::json::object update_pay_method(Call& call);
boost::json::object delete_pay_method(Call& call);

/// By lower-case name.
const std::map<std::string, Action, std::less<>>& actions();

}  // namespace sandbox::whmcs
