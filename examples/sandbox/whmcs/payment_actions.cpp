// AddInvoicePayment, AddTransaction, GetTransactions and the small tables: gateways, currencies, version.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

void expect_unique(const Call& call, std::string_view reference) {
  const auto& known = call.books.transactions;
  if (!reference.empty() &&
      std::any_of(known.begin(), known.end(), [&](const auto& t) { return t.second.reference == reference; }))
    throw ActionError("Transaction ID must be Unique");
}

/// The installation's own form DD/MM/YYYY, or YYYY-MM-DD; now for anything else.
std::string local_date(const Call& call, std::string_view text) {
  if (text.size() == 10 && text[2] == '/' && text[5] == '/') {
    const auto turned = fmt::format("{}-{}-{}", text.substr(6), text.substr(3, 2), text.substr(0, 2));
    if (day_of(turned, -1) >= 0) return turned + " 00:00:00";
  }
  return day_of(text, -1) >= 0 ? std::string(text.substr(0, 10)) + " 00:00:00" : call.clock.local_now();
}

}  // namespace

void expect_gateway(std::string_view module) {
  if (module != "stripe" && module != "banktransfer")
    throw ActionError("Invalid Payment Method. Valid options include stripe,banktransfer");
}

json::object transaction_row(const Transaction& transaction) {
  return {{"id", std::to_string(transaction.id)},
          {"userid", std::to_string(transaction.client)},
          {"currency", "0"},
          {"gateway", transaction.gateway},
          {"date", transaction.date},
          {"description", transaction.description},
          {"amountin", cents_text(transaction.amount_in)},
          {"fees", cents_text(transaction.fees)},
          {"amountout", cents_text(transaction.amount_out)},
          {"rate", "1.00000"},
          {"transid", transaction.reference},
          {"invoiceid", std::to_string(transaction.invoice)},
          {"refundid", std::to_string(transaction.refund_of)}};
}

json::object add_invoice_payment(Call& call) {
  Invoice* invoice = call.books.find_invoice(call.integer("invoiceid"));
  if (invoice == nullptr) throw ActionError("Invoice ID Not Found");
  if (invoice->status == "Cancelled")
    throw ActionError("It is not possible to add a payment to an invoice that is Cancelled");
  const std::string reference = call.text("transid");
  if (call.switches.reject_duplicate_transid) expect_unique(call, reference);
  const std::string now = call.clock.local_now();
  const std::string date = call.text("date");
  Transaction payment;
  payment.client = invoice->client;
  payment.gateway = call.text("gateway");
  payment.date = day_of(date, -1) < 0 ? now : date.size() == 10 ? date + " 00:00:00" : date;
  payment.description = "Invoice Payment";
  payment.amount_in = call.has("amount") ? parse_cents(call.raw("amount")) : call.books.balance(*invoice);
  payment.fees = parse_cents(call.raw("fees"));
  payment.reference = reference;
  payment.invoice = invoice->id;
  const bool was_paid = invoice->status == "Paid";
  call.hooks.push_back(hook_of(call.books.add_transaction(std::move(payment), now)));
  call.hooks.push_back({"AddInvoicePayment", {{"invoiceid", invoice->id}}});
  if (!was_paid && invoice->status == "Paid") after_paid(call.surroundings(), *invoice);
  call.changed = true;
  return {};
}

json::object add_transaction(Call& call) {
  if (call.raw("paymentmethod").empty()) throw ActionError("Payment Method is required");
  const auto* client = call.books.find_client(call.integer("userid"));
  if (call.integer("userid") != 0 && client == nullptr) throw ActionError("Client ID Not Found");
  const auto* invoice = call.books.find_invoice(call.integer("invoiceid"));
  if (call.integer("invoiceid") != 0 && invoice == nullptr) throw ActionError("Invoice ID Not Found");
  if (!call.flag("allowduplicatetransid")) expect_unique(call, call.text("transid"));
  Transaction booked;
  booked.client = client != nullptr ? client->id : invoice != nullptr ? invoice->client : 0;
  booked.gateway = call.text("paymentmethod");
  booked.date = local_date(call, call.raw("date"));
  booked.description = call.text("description");
  booked.amount_in = parse_cents(call.raw("amountin"));
  booked.amount_out = parse_cents(call.raw("amountout"));
  booked.fees = parse_cents(call.raw("fees"));
  booked.reference = call.text("transid");
  booked.invoice = invoice == nullptr ? 0 : invoice->id;
  if (call.flag("credit"))
    if (auto* owner = call.books.find_client(booked.client))
      call.books.change_credit(*owner, booked.amount_in, booked.description, 0, call.clock.local_now());
  call.hooks.push_back(hook_of(call.books.book_transaction(std::move(booked))));
  call.changed = true;
  return {};
}

json::object get_transactions(Call& call) {
  json::array list;
  for (const auto& [id, transaction] : call.books.transactions) {
    if (call.has("invoiceid") && transaction.invoice != call.integer("invoiceid")) continue;
    if (call.has("clientid") && transaction.client != call.integer("clientid")) continue;
    if (call.has("transid") && transaction.reference != call.text("transid")) continue;
    list.push_back(transaction_row(transaction));
  }
  json::object answer{{"totalresults", list.size()}, {"startnumber", 0}, {"numreturned", list.size()}};
  call.shapes.nested(answer, "transactions", "transaction", std::move(list));
  return answer;
}

json::object get_payment_methods(Call& call) {
  json::object answer{{"totalresults", 2}};
  call.shapes.nested(answer, "paymentmethods", "paymentmethod",
                     {json::object{{"module", "stripe"}, {"displayname", "Credit Card"}},
                      json::object{{"module", "banktransfer"}, {"displayname", "Bank Transfer"}}});
  return answer;
}

json::object get_currencies(Call& call) {
  json::array list;
  for (const auto& [id, currency] : call.books.currencies) {
    list.push_back(json::object{{"id", currency.id},
                                {"code", currency.code},
                                {"prefix", currency.prefix},
                                {"suffix", currency.suffix},
                                {"format", currency.format},
                                {"rate", currency.rate}});
  }
  json::object answer{{"totalresults", list.size()}};
  call.shapes.nested(answer, "currencies", "currency", std::move(list));
  return answer;
}

json::object whmcs_details(Call& call) {
  return {{"whmcs", json::object{{"version", call.switches.version},
                                 {"canonicalversion", call.switches.version + "-release.1"}}}};
}

}  // namespace sandbox::whmcs
