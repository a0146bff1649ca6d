// Translation of invoices; pure.
#include "mapping/invoice_words.hpp"

#include <algorithm>
#include <array>

#include "client/decimal.hpp"
#include "client/reply.hpp"

namespace whmcs {

namespace {

using portico::Money;

struct Word {
  InvoiceStatus status;
  std::string_view word;
};

constexpr std::array<Word, 8> kWords{{{InvoiceStatus::draft, "Draft"},
                                      {InvoiceStatus::unpaid, "Unpaid"},
                                      {InvoiceStatus::overdue, "Overdue"},
                                      {InvoiceStatus::paid, "Paid"},
                                      {InvoiceStatus::cancelled, "Cancelled"},
                                      {InvoiceStatus::refunded, "Refunded"},
                                      {InvoiceStatus::collections, "Collections"},
                                      {InvoiceStatus::payment_pending, "Payment Pending"}}};

void check_currency(std::string_view code) {
  const bool good =
      code.size() == 3 && std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!good) throw BadReply("the currency is no ISO 4217 code");
}

std::string issued_on(const Fields& invoice) {
  auto date = invoice.date("date");
  if (!date) date = invoice.date("created_at");
  if (!date) throw BadReply("date is absent");
  return *date;
}

/// When an invoice was paid; WHMCS keeps the date of a payment that was undone later.
std::optional<std::string> paid_on(const Fields& invoice, InvoiceStatus status) {
  const bool settled = status == InvoiceStatus::paid || status == InvoiceStatus::refunded;
  return settled ? invoice.date("datepaid") : std::nullopt;
}

std::string number_of(const Fields& invoice, const std::string& id) {
  return invoice.text_if("invoicenum").value_or(id);
}

/// The lines of the tax: two rates may apply to one invoice.
std::int64_t tax_of(const Fields& invoice, std::string_view currency) {
  const auto second = invoice.decimal("tax2").empty() ? 0 : invoice.money("tax2", currency);
  return invoice.money("tax", currency) + second;
}

}  // namespace

std::string_view filter_word(InvoiceStatus status) {
  const auto* found =
      std::find_if(kWords.begin(), kWords.end(), [&](const Word& w) { return w.status == status; });
  return found->word;
}

InvoiceStatus status_from(const Fields& invoice, const std::string& today) {
  const auto word = invoice.text("status");
  for (const auto& known : kWords) {
    if (word.size() != known.word.size() || !starts_with(word, known.word)) continue;
    if (known.status != InvoiceStatus::unpaid) return known.status;
    const auto due = invoice.date("duedate");
    return due && *due < today ? InvoiceStatus::overdue : InvoiceStatus::unpaid;
  }
  throw BadReply("status is a word that is not known");
}

portico::billing::InvoiceSummary summary_from(const Fields& row, const std::string& today,
                                              const std::string& currency) {
  portico::billing::InvoiceSummary out;
  out.id = std::to_string(row.integer("id"));
  out.number = number_of(row, out.id);
  out.status = status_from(row, today);
  out.issued_on = issued_on(row);
  out.due_on = row.date("duedate").value_or(out.issued_on);
  out.paid_on = paid_on(row, out.status);
  const auto code = row.text_if("currencycode").value_or(currency);
  check_currency(code);
  out.total = Money{row.money("total", code), code};
  return out;
}

portico::billing::Invoice invoice_from(const Fields& reply, const std::string& today,
                                       const std::string& currency, std::string as_of) {
  check_currency(currency);
  const auto money = [&](std::string_view name) { return Money{reply.money(name, currency), currency}; };
  portico::billing::Invoice out;
  out.id = std::to_string(reply.integer("invoiceid"));
  out.number = number_of(reply, out.id);
  out.status = status_from(reply, today);
  out.issued_on = issued_on(reply);
  out.due_on = reply.date("duedate").value_or(out.issued_on);
  out.paid_on = paid_on(reply, out.status);
  out.total = money("total");
  out.subtotal = money("subtotal");
  out.tax = Money{tax_of(reply, currency), currency};
  if (!rate_percent(reply.decimal("taxrate2"))) out.tax_rate = rate_percent(reply.decimal("taxrate"));
  out.credit = money("credit");
  for (const auto& item : reply.list("items", "item"))
    out.lines.push_back(
        {item.text("description"), {item.money("amount", currency), currency}, item.flag("taxed")});
  std::int64_t paid = 0;
  for (const auto& row : reply.list("transactions", "transaction")) {
    const auto amount = row.money("amountin", currency) - row.money("amountout", currency);
    paid += amount;
    auto date = row.date("date");
    if (!date) throw BadReply("transactions has a row without a date");
    out.payments.push_back({*date, {amount, currency}, row.text("gateway"), row.text_if("transid")});
  }
  out.balance =
      reply.decimal("balance").empty() ? Money{out.total.amount_minor - paid, currency} : money("balance");
  out.as_of = std::move(as_of);
  return out;
}

std::optional<std::string> origin_of(std::string_view url) {
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7F || c == '"' || c == '\'' || c == '<' || c == '>' || c == '\\' || c == '`')
      return std::nullopt;
  }
  std::string_view scheme, default_port;
  if (starts_with(url, "https://"))
    scheme = "https://", default_port = ":443";
  else if (starts_with(url, "http://"))
    scheme = "http://", default_port = ":80";
  else
    return std::nullopt;
  url.remove_prefix(scheme.size());
  auto authority = url.substr(0, url.find_first_of("/?#"));
  if (authority.empty() || authority.find('@') != std::string_view::npos) return std::nullopt;
  if (authority.ends_with(default_port)) authority.remove_suffix(default_port.size());
  std::string out(scheme);
  for (const char c : authority) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::string site_of(std::string_view origin) {
  return std::string(origin.substr(origin.find("://") + 3));
}

}  // namespace whmcs
