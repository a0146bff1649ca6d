// Parameter reading, paging, and the table of actions.
#include "examples/sandbox/whmcs/action.hpp"

#include <algorithm>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

std::string Call::text(std::string_view name) const {
  return html_escape(trim(raw(name)));
}

Id Call::integer(std::string_view name) const {
  return php_int(raw(name));
}

bool Call::flag(std::string_view name) const {
  const auto value = raw(name);
  return !value.empty() && value != "0";
}

const FormValue* Call::list(std::string_view name) const {
  const auto* found = form.find(name);
  if (found == nullptr || found->is_array) return found;
  if (switches.strict_arrays)
    throw ActionError("Expecting parameter '" + std::string(name) + "' to be an array");
  return nullptr;
}

std::string Call::text_at(std::string_view name, std::string_view key) const {
  const auto* all = form.find(name);
  if (all == nullptr) return {};
  if (!all->is_array) return text(name);  // older installations take pid=1 for pid[]=1
  const auto* found = all->find(key);
  return found == nullptr || found->is_array ? std::string{} : html_escape(trim(found->text));
}

Page page_of(Call& call, std::size_t total, boost::json::object& answer) {
  constexpr Id kDefaultPage = 25;
  const Id start = std::max<Id>(0, call.integer("limitstart"));
  const Id wanted = call.integer("limitnum");
  Page page;
  page.from = std::min(static_cast<std::size_t>(start), total);
  page.count = std::min(static_cast<std::size_t>(wanted > 0 ? wanted : kDefaultPage), total - page.from);
  answer["totalresults"] = total;
  answer["startnumber"] = start;
  answer["numreturned"] = page.count;
  return page;
}

const std::map<std::string, Action, std::less<>>& actions() {
  static const std::map<std::string, Action, std::less<>> kActions{
      {"addclient", add_client},
      {"updateclient", update_client},
      {"getclients", get_clients},
      {"getclientsdetails", get_clients_details},
      {"validatelogin", validate_login},
      {"getusers", get_users},
      {"createssotoken", create_sso_token},
      {"getinvoices", get_invoices},
      {"getinvoice", get_invoice},
      {"createinvoice", create_invoice},
      {"updateinvoice", update_invoice},
      {"addinvoicepayment", add_invoice_payment},
      {"gettransactions", get_transactions},
      {"getpaymentmethods", get_payment_methods},
      {"getcurrencies", get_currencies},
      {"getorderstatuses", get_order_statuses},
      {"whmcsdetails", whmcs_details},
      {"getproducts", get_products},
      {"addorder", add_order},
      {"acceptorder", accept_order},
      {"cancelorder", cancel_order},
      {"pendingorder", pending_order},
      {"fraudorder", fraud_order},
      {"deleteorder", delete_order},
      {"getorders", get_orders},
      {"getclientsproducts", get_clients_products},
      {"updateclientproduct", update_client_product},
      {"addcancelrequest", add_cancel_request},
      {"upgradeproduct", upgrade_product},
      {"modulecreate", module_create},
      {"modulesuspend", module_suspend},
      {"moduleunsuspend", module_unsuspend},
      {"moduleterminate", module_terminate},
      {"modulechangepackage", module_change_package},
      {"modulechangepw", module_change_pw},
      {"modulecustom", module_custom},
      {"addtransaction", add_transaction},
      {"addcredit", add_credit},
      {"applycredit", apply_credit},
      {"getcredits", get_credits},
      {"getpaymethods", get_pay_methods},
      {"addpaymethod", add_pay_method},
      {"updatepaymethod", update_pay_method},
      {"deletepaymethod", delete_pay_method},
  };
  return kActions;
}

}  // namespace sandbox::whmcs
