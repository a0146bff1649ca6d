// AddInvoicePayment, GetTransactions and the small tables: gateways, currencies, order statuses, version.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

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
  const auto& known = call.books.transactions;
  if (call.switches.reject_duplicate_transid && !reference.empty() &&
      std::any_of(known.begin(), known.end(), [&](const auto& t) { return t.second.reference == reference; }))
    throw ActionError("Transaction ID must be Unique");
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
  call.books.add_transaction(std::move(payment), now);
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

json::object get_order_statuses(Call& call) {
  json::array list;
  for (const auto* title : {"Pending", "Active", "Fraud", "Cancelled"})
    list.push_back(json::object{{"title", title}, {"count", 0}});
  json::object answer{{"totalresults", list.size()}};
  call.shapes.nested(answer, "statuses", "status", std::move(list));
  return answer;
}

json::object whmcs_details(Call& call) {
  return {{"whmcs", json::object{{"version", call.switches.version},
                                 {"canonicalversion", call.switches.version + "-release.1"}}}};
}

}  // namespace sandbox::whmcs
