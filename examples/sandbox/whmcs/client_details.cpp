// GetClientsDetails: one client whole, its fields twice, with counters on request.
#include <fmt/format.h>

#include <array>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/countries.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

json::object stats_of(const Call& call, const Client& client) {
  const Currency& currency = call.books.currency_of(client);
  const auto money = [&](Cents cents) {
    return formatted(cents, currency.prefix, currency.suffix, currency.format);
  };
  struct Sum {
    int count = 0;
    Cents amount = 0;
  };
  std::map<std::string, Sum> by_status;
  Sum due, overdue;
  Cents income = 0;
  const int today = call.clock.today();
  for (const auto& [id, invoice] : call.books.invoices) {
    if (invoice.client != client.id) continue;
    auto& sum = by_status[invoice.status];
    ++sum.count;
    sum.amount += invoice.total();
    if (invoice.status == "Paid") income += invoice.total();
    if (invoice.status != "Unpaid") continue;
    const Cents balance = call.books.balance(invoice);
    ++due.count;
    due.amount += balance;
    if (day_of(invoice.due_date, today) >= today) continue;
    ++overdue.count;
    overdue.amount += balance;
  }
  json::object out{{"numdueinvoices", due.count},
                   {"dueinvoicesbalance", money(due.amount)},
                   {"incredit", client.credit > 0},
                   {"creditbalance", money(client.credit)},
                   {"grossRevenue", money(income)},
                   {"expenses", money(0)},
                   {"income", money(income)},
                   {"numoverdueinvoices", overdue.count},
                   {"overdueinvoicesbalance", money(overdue.amount)},
                   {"numDraftInvoices", by_status["Draft"].count},
                   {"draftInvoicesBalance", money(by_status["Draft"].amount)}};
  constexpr std::array<std::pair<std::string_view, const char*>, 6> kPairs{
      {{"unpaid", "Unpaid"},
       {"paid", "Paid"},
       {"cancelled", "Cancelled"},
       {"refunded", "Refunded"},
       {"collections", "Collections"},
       {"paymentpending", "Payment Pending"}}};
  for (const auto& [name, status] : kPairs) {
    out[fmt::format("num{}invoices", name)] = by_status[status].count;
    out[fmt::format("{}invoicesamount", name)] = money(by_status[status].amount);
  }
  for (const auto* name :
       {"productsnumactivehosting", "productsnumhosting", "productsnumactivereseller", "productsnumreseller",
        "productsnumactiveservers", "productsnumservers", "productsnumactiveother", "productsnumother",
        "productsnumactive", "productsnumtotal", "numactivedomains", "numdomains", "numacceptedquotes",
        "numquotes", "numtickets", "numactivetickets", "numaffiliatesignups"})
    out[name] = 0;
  out["isAffiliate"] = false;
  return out;
}

json::object details_of(Call& call, const Client& client) {
  const User* owner = call.books.find_user(client.owner_user_id);
  const std::string phone = fmt::format("+{}.{}", client.phone_country_code, client.phone_number);
  json::object preferences;
  for (const auto* kind : {"general", "invoice", "support", "product", "domain", "affiliate"}) {
    const auto found = client.email_preferences.find(kind);
    preferences[kind] = found == client.email_preferences.end() ? "1" : found->second;
  }
  json::object out{
      {"client_id", client.id},
      {"owner_user_id", client.owner_user_id},
      {"userid", client.id},
      {"id", client.id},
      {"uuid", client.uuid},
      {"firstname", client.first_name},
      {"lastname", client.last_name},
      {"fullname", client.first_name + " " + client.last_name},
      {"companyname", client.company},
      {"email", client.email},
      {"address1", client.address1},
      {"address2", client.address2},
      {"city", client.city},
      {"fullstate", client.state},
      {"state", client.state},
      {"statecode", client.state},
      {"postcode", client.postcode},
      {"countrycode", client.country},
      {"country", client.country},
      {"countryname", country_name(client.country)},
      {"phonenumber", client.phone_number},
      {"phonecc", client.phone_country_code},
      {"phonenumberformatted", phone},
      {"telephoneNumber", phone},
      {"tax_id", client.tax_id},
      {"email_preferences", std::move(preferences)},
      {"billingcid", 0},
      {"notes", client.notes},
      {"currency", client.currency},
      {"currency_code", call.books.currency_of(client).code},
      {"defaultgateway", client.default_gateway},
      {"groupid", client.group},
      {"status", client.status},
      {"credit", cents_text(client.credit)},
      {"taxexempt", client.tax_exempt},
      {"latefeeoveride", client.late_fee_override},
      {"overideduenotices", client.override_due_notices},
      {"separateinvoices", client.separate_invoices},
      {"disableautocc", client.disable_auto_card},
      {"emailoptout", false},
      {"marketing_emails_opt_in", client.marketing_opt_in},
      {"isOptedInToMarketingEmails", client.marketing_opt_in},
      {"overrideautoclose", client.override_auto_close},
      {"allowSingleSignOn", client.allow_single_sign_on ? 1 : 0},
      {"email_verified", client.email_verified},
      {"language", client.language},
      {"lastlogin", owner == nullptr || owner->last_login.empty() ? "No Login Logged" : owner->last_login}};
  json::array fields;
  int ordinal = 0;
  for (const auto& [id, value] : client.custom_fields) {
    fields.push_back(json::object{{"id", id}, {"value", value}});
    out[fmt::format("customfields{}", ++ordinal)] = value;
  }
  call.shapes.flat(out, "customfields", std::move(fields));
  json::array users;
  for (const auto& membership : call.books.memberships) {
    const User* user = membership.client == client.id ? call.books.find_user(membership.user) : nullptr;
    if (user == nullptr) continue;
    users.push_back(json::object{{"id", user->id},
                                 {"name", user->first_name + " " + user->last_name},
                                 {"email", user->email},
                                 {"is_owner", membership.owner}});
  }
  call.shapes.nested(out, "users", "user", std::move(users));
  return out;
}

}  // namespace

json::object get_clients_details(Call& call) {
  const bool by_id = call.flag("clientid");
  if (!by_id && call.raw("email").empty()) throw ActionError("Either clientid Or email Is Required");
  const Client* client = by_id ? call.books.find_client(call.integer("clientid"))
                               : call.books.find_client_by_email(call.text("email"));
  if (client == nullptr) throw ActionError("Client Not Found");
  const json::object details = details_of(call, *client);
  json::object answer = details;  // the deprecated copy at the top, still sent
  answer["client"] = details;
  if (call.flag("stats")) answer["stats"] = stats_of(call, *client);
  return answer;
}

}  // namespace sandbox::whmcs
