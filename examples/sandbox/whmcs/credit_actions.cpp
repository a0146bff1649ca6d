// AddCredit, ApplyCredit, GetCredits.
#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

/// "###" or "###.##"
bool is_amount(std::string_view text) {
  const auto dot = text.find('.');
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  constexpr std::size_t kDecimals = 2;
  return digits(text.substr(0, dot)) &&
         (dot == std::string_view::npos ||
          (digits(text.substr(dot + 1)) && text.size() - dot - 1 <= kDecimals));
}

}  // namespace

json::object add_credit(Call& call) {
  const std::string type = lower(call.raw("type"));
  if (!type.empty() && type != "add" && type != "remove") throw ActionError("Type can only be add or remove");
  auto* client = call.books.find_client(call.integer("clientid"));
  if (client == nullptr) throw ActionError("Client ID Not Found");
  if (call.has("adminid") && call.integer("adminid") != 1) throw ActionError("Admin ID Not Found");
  const std::string amount = trim(call.raw("amount"));
  if (amount.empty()) throw ActionError("No Amount Provided");
  if (!is_amount(amount)) throw ActionError("Amount must be in decimal format: ### or ###.##");
  std::string date = call.clock.local_now();
  if (call.has("date") && !call.raw("date").empty()) {
    const int day = day_of(call.raw("date"), -1);
    if (day < 0) throw ActionError("Date Format is not Valid");
    date = date_text(day);
  }
  const Cents change = parse_cents(amount) * (type == "remove" ? -1 : 1);
  call.books.change_credit(*client, change, call.text("description"), 0, date);
  call.changed = true;
  return {{"newbalance", cents_text(client->credit)}};
}

json::object apply_credit(Call& call) {
  auto* invoice = call.books.find_invoice(call.integer("invoiceid"));
  if (invoice == nullptr) throw ActionError("Invoice ID Not Found");
  if (invoice->status != "Unpaid") throw ActionError("Invoice Not in Unpaid Status");
  auto* client = call.books.find_client(invoice->client);
  if (client == nullptr) throw ActionError("Client ID Not Found");
  const Cents balance = call.books.balance(*invoice);
  const bool full = call.raw("amount").empty() || equal_ignoring_case(call.raw("amount"), "full");
  const Cents amount = full ? std::min(client->credit, balance) : parse_cents(call.raw("amount"));
  if (amount <= 0) throw ActionError("Credit Amount to apply must be greater than zero");
  if (amount > client->credit) throw ActionError("Amount exceeds customer credit balance");
  if (amount > balance) throw ActionError("Amount Exceeds Invoice Balance");
  call.books.apply_credit(*client, *invoice, amount, call.clock.local_now());
  const bool paid = invoice->status == "Paid";
  if (paid) after_paid(call.surroundings(), *invoice);
  call.changed = true;
  return {{"invoiceid", std::to_string(invoice->id)},
          {"amount", cents_text(amount)},
          {"invoicepaid", paid ? "true" : "false"}};
}

json::object get_credits(Call& call) {
  const auto* client = call.books.find_client(call.integer("clientid"));
  if (client == nullptr) throw ActionError("Client ID Not Found");
  json::array list;
  for (const auto& entry : call.books.credits)
    if (entry.client == client->id)
      list.push_back(json::object{{"id", entry.id},
                                  {"date", entry.date},
                                  {"description", entry.description},
                                  {"amount", cents_text(entry.amount)},
                                  {"relid", entry.related}});
  json::object answer{{"totalresults", list.size()}, {"clientid", client->id}};
  call.shapes.nested(answer, "credits", "credit", std::move(list));
  return answer;
}

}  // namespace sandbox::whmcs
