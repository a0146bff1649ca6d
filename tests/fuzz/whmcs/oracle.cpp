// WHMCS replies: the readers may refuse with BadReply; what they return keeps its promises.
//
// The first byte of an input chooses the status, the rest is the body, read as every mapping does.
#include <algorithm>
#include <portico/contracts/billing.hpp>

#include "client/reply.hpp"
#include "mapping/customer_words.hpp"
#include "mapping/invoice_words.hpp"
#include "mapping/order_words.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace whmcs;
using fuzz::promise;

namespace {

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
  });
}

bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-';
}

void check_value(const portico::billing::Invoice& invoice) {
  promise(is_date(invoice.issued_on) && is_date(invoice.due_on), "an invoice has dates");
  promise(invoice.total.currency.size() == 3, "money has a currency");
  for (const auto& line : invoice.lines) promise(is_clean(line.description), "no text has control bytes");
  // What crosses to another plugin must be readable there.
  const auto text = portico::encode_text(invoice);
  promise(portico::encode_text(portico::decode_text<portico::billing::Invoice>(text)) == text,
          "an invoice survives its JSON");
}

void check_value(const portico::billing::InvoiceSummary& summary) {
  promise(is_date(summary.issued_on) && is_clean(summary.number), "a summary has a date and a clean number");
}

void check_value(const portico::billing::Customer& customer) {
  promise(is_clean(customer.last_name) && is_clean(customer.address.line1), "no text has control bytes");
  const auto text = portico::encode_text(customer);
  promise(portico::encode_text(portico::decode_text<portico::billing::Customer>(text)) == text,
          "a customer survives its JSON");
}

void check_value(const portico::billing::Order& order) {
  promise(is_date(order.placed_on) && is_clean(order.number), "an order has a date and a clean number");
}

void check_value(const portico::billing::Subscription& subscription) {
  promise(is_clean(subscription.product_name), "no text has control bytes");
  for (const auto& field : subscription.fields) promise(is_clean(field.value), "no text has control bytes");
}

void check_value(const std::optional<portico::billing::Product>& product) {
  if (!product) return;
  promise(!product->prices.empty() && is_clean(product->description), "a product has a price and clean text");
  for (const auto& price : product->prices)
    promise(price.setup.amount_minor >= 0 && price.amount.amount_minor >= 0, "no price is below nothing");
}

template <class F>
void read(F&& fn) {
  try {
    check_value(fn());
  } catch (const BadReply& refused) {
    promise(is_clean(refused.what()), "a refusal is one clean line");
  }
}

}  // namespace

void fuzz::check(std::string_view input) {
  constexpr int kStatuses[] = {200, 200, 200, 200, 400, 403, 500, 503};
  const int status =
      input.empty() ? 200 : kStatuses[static_cast<unsigned char>(input[0]) % std::size(kStatuses)];
  const auto body = input.substr(std::min<std::size_t>(1, input.size()));
  const auto verdict = read_reply(status, body);
  if (const auto* declined = std::get_if<Declined>(&verdict))
    promise(declined->message.size() <= 300, "messages are short");
  if (const auto* barred = std::get_if<Barred>(&verdict))
    promise(barred->message.size() <= 300, "messages are short");
  const auto* done = std::get_if<Done>(&verdict);
  if (!done) return;
  promise(status == 200, "only 200 is a success");
  const Fields reply(done->reply);
  read([&] { return customer_from(reply, "ja"); });
  for (const char* currency : {"JPY", "CHF", "KWD"})
    read([&] { return invoice_from(reply, "2025-06-20", currency, "x"); });
  try {
    for (const auto& row : reply.list("invoices", "invoice"))
      read([&] { return summary_from(row, "2025-06-20", "JPY"); });
    for (const auto& row : reply.list("orders", "order")) read([&] { return order_from(row, "JPY", "x"); });
    for (const auto& row : reply.list("products", "product")) {
      read([&] { return product_from(row, "JPY", "Portal reference"); });
      read([&] { return subscription_from(row, "JPY", "Portal reference"); });
    }
    for (const auto& row : reply.list("clients", "client"))
      (void)same_email(row.text("email"), "a@b.example");
    (void)has_marker(reply, "m-1");
    (void)origin_of(reply.text("redirect_url"));
  } catch (const BadReply&) {
  }
}
