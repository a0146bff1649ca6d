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
  };
  return kActions;
}

}  // namespace sandbox::whmcs
