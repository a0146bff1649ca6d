// GetPayMethods, AddPayMethod, UpdatePayMethod, DeletePayMethod. Only the last four digits of a number are
// kept.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

/// "11/06/2025 09:19", the installation's own form.
std::string local_stamp(const Call& call) {
  const auto now = call.clock.local_now();
  return fmt::format("{}/{}/{} {}", now.substr(8, 2), now.substr(5, 2), now.substr(0, 4), now.substr(11, 5));
}

std::string digits_of(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c >= '0' && c <= '9') out += c;
  return out;
}

std::string brand_of(std::string_view number) {
  if (number.starts_with('4')) return "Visa";
  if (number.starts_with("35")) return "JCB";
  if (number.starts_with('5')) return "MasterCard";
  return number.starts_with("34") || number.starts_with("37") ? "American Express" : "Card";
}

/// "0227" to "02/27". errors: ActionError naming what the date is
std::string month_year(std::string_view text, std::string_view what) {
  const auto digits = digits_of(text);
  const auto month = php_int(digits.substr(0, 2));
  if (digits.size() != 4 || month < 1 || month > 12) throw ActionError(fmt::format("{} is invalid", what));
  return digits.substr(0, 2) + "/" + digits.substr(2);
}

bool is_card(const std::string& type) {
  return type == "CreditCard" || type == "RemoteCreditCard";
}

void expect_known_gateway(const Call& call) {
  const auto name = call.raw("gateway_module_name");
  if (name != "stripe" && name != "banktransfer")
    throw ActionError("Invalid Gateway Module Name. Must be one of: stripe, banktransfer");
  if (name == "banktransfer" && call.raw("type") == "RemoteCreditCard")
    throw ActionError("Unsupported Gateway Type for Storage");
}

void take_card(const Call& call, PayMethod& method) {
  if (call.has("card_number")) {
    const auto number = digits_of(call.raw("card_number"));
    constexpr std::size_t kShortest = 12;
    if (number.size() < kShortest) throw ActionError("Card Number is invalid");
    method.last_four = number.substr(number.size() - 4);
    method.card_type = brand_of(number);
  }
  if (call.has("card_expiry")) method.expiry = month_year(call.raw("card_expiry"), "Expiry Date");
  if (call.has("card_start")) method.start = month_year(call.raw("card_start"), "Start Date");
  if (call.has("card_issue_number")) {
    method.issue = call.text("card_issue_number");
    if (digits_of(method.issue) != method.issue) throw ActionError("Issue Number is invalid");
  }
}

void make_default(Call& call, PayMethod& method) {
  for (const auto& [id, other] : call.books.pay_methods)
    if (other.client == method.client) method.rank = std::min(method.rank, other.rank - 1);
}

PayMethod& method_of(Call& call) {
  if (call.books.find_client(call.integer("clientid")) == nullptr) throw ActionError("Invalid Client ID");
  if (call.raw("paymethodid").empty()) throw ActionError("Pay Method ID is Required");
  const auto found = call.books.pay_methods.find(call.integer("paymethodid"));
  if (found == call.books.pay_methods.end()) throw ActionError("Invalid Pay Method ID");
  if (found->second.client != call.integer("clientid"))
    throw ActionError("Pay Method does not belong to passed Client ID");
  return found->second;
}

json::object row_of(const PayMethod& method) {
  json::object row{{"id", method.id},
                   {"type", method.type},
                   {"description", method.description},
                   {"gateway_name", method.gateway},
                   {"contact_type", "Client"},
                   {"contact_id", method.client}};
  if (is_card(method.type)) {
    row["card_last_four"] = method.last_four;
    row["expiry_date"] = method.expiry;
    row["start_date"] = method.start;
    row["issue_number"] = method.issue;
    row["card_type"] = method.card_type;
  } else {
    row["bank_name"] = method.bank;
  }
  row["remote_token"] = method.token;
  row["last_updated"] = method.updated_at;
  return row;
}

}  // namespace

json::object get_pay_methods(Call& call) {
  if (call.raw("clientid").empty()) throw ActionError("Client ID Is Required");
  const auto* client = call.books.find_client(call.integer("clientid"));
  if (client == nullptr) throw ActionError("Client Not Found");
  const auto type = call.raw("type");
  if (!type.empty() && type != "BankAccount" && type != "CreditCard")
    throw ActionError("Invalid Pay Method Type. Should be 'BankAccount' or 'CreditCard'");
  std::vector<const PayMethod*> found;
  for (const auto& [id, method] : call.books.pay_methods) {
    if (method.client != client->id) continue;
    if (call.has("paymethodid") && id != call.integer("paymethodid")) continue;
    if (!type.empty() && is_card(method.type) != (type == "CreditCard")) continue;
    found.push_back(&method);
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->rank < b->rank; });
  json::array list;
  for (const auto* method : found) list.push_back(row_of(*method));
  json::object answer{{"clientid", std::to_string(client->id)}};
  call.shapes.flat(answer, "paymethods", std::move(list));
  return answer;
}

json::object add_pay_method(Call& call) {
  const auto* client = call.books.find_client(call.integer("clientid"));
  if (client == nullptr) throw ActionError("Invalid Client ID");
  PayMethod method;
  method.client = client->id;
  if (call.has("type")) method.type = call.text("type");
  if (!is_card(method.type) && method.type != "BankAccount")
    throw ActionError(
        "Invalid Pay Method Type. Type should be one of 'BankAccount', 'CreditCard', or 'RemoteCreditCard'");
  if (method.type == "RemoteCreditCard" && call.raw("gateway_module_name").empty())
    throw ActionError("Gateway is Required for RemoteCreditCard type");
  if (method.type == "CreditCard" && !call.switches.local_cards)
    throw ActionError("No Local Credit Card Payment Gateways Enabled");
  if (call.has("gateway_module_name")) expect_known_gateway(call);
  if (is_card(method.type)) {
    if (call.raw("card_number").empty())
      throw ActionError("Card Number is required for 'CreditCard' or 'RemoteCreditCard' type");
    if (call.raw("card_expiry").empty())
      throw ActionError("Expiry Date is required for 'CreditCard' or 'RemoteCreditCard' type");
    take_card(call, method);
  } else {
    if (call.raw("bank_code").empty()) throw ActionError("Routing number is required");
    if (call.raw("bank_account").empty()) throw ActionError("Account number is required");
    const auto account = digits_of(call.raw("bank_account"));
    method.last_four = account.size() > 4 ? account.substr(account.size() - 4) : account;
    method.bank = call.text("bank_name");
  }
  method.description = call.text("description");
  method.gateway = call.text("gateway_module_name");
  if (method.type == "RemoteCreditCard") {
    const auto key = random_hex(8);
    method.token = fmt::format("{{\"customer\":\"cus_{}\",\"method\":\"pm_{}\"}}", client->id, key);
  }
  method.updated_at = local_stamp(call);
  PayMethod& added = call.books.add_pay_method(std::move(method));
  if (call.flag("set_as_default")) make_default(call, added);
  call.changed = true;
  return {{"clientid", client->id}, {"paymethodid", added.id}};
}

json::object update_pay_method(Call& call) {
  PayMethod& method = method_of(call);
  bool any = false;
  for (const auto* name : {"card_number", "card_expiry", "card_start", "card_issue_number", "bank_name",
                           "bank_code", "bank_account", "description", "set_as_default"})
    any = any || call.has(name);
  if (!any) throw ActionError("No Details Provided for Update");
  if (method.type == "RemoteCreditCard" && call.has("card_number"))
    throw ActionError("Unable to Update Card Number for Assisted Gateway");
  PayMethod next = method;
  if (is_card(next.type)) take_card(call, next);
  if (call.has("bank_name")) next.bank = call.text("bank_name");
  if (call.has("description")) next.description = call.text("description");
  next.updated_at = local_stamp(call);
  method = std::move(next);
  if (call.flag("set_as_default")) make_default(call, method);
  call.changed = true;
  return {{"clientid", method.client}, {"paymethodid", method.id}};
}

json::object delete_pay_method(Call& call) {
  const Id id = method_of(call).id;
  call.books.pay_methods.erase(id);
  call.changed = true;
  return {{"paymethodid", id}};
}

}  // namespace sandbox::whmcs
