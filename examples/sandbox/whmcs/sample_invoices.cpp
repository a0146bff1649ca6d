// The sample invoices and the transactions their states need.
#include "examples/sandbox/whmcs/sample_invoices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/whmcs/sample_services.hpp"

namespace sandbox::whmcs {

namespace {

constexpr Cents kYen = 100;

std::string at_nine(int day) {
  return date_text(day) + " 09:20:41";
}

/// Amounts of the samples are in yen; other currencies get them at a rough rate, whole units.
Cents in_currency(Cents yen, Id currency) {
  constexpr Id kYenId = 1;
  constexpr Cents kPerUnit = 150;
  return currency == kYenId ? yen : yen / kPerUnit / kYen * kYen + 90;
}

void book(Books& books, const Invoice& invoice, Cents in, Cents out, int day, Id refund_of, Id& made) {
  Transaction transaction;
  transaction.client = invoice.client;
  transaction.gateway = invoice.gateway;
  transaction.date = at_nine(day);
  transaction.description = out > 0 ? "Refund of Transaction" : "Invoice Payment";
  transaction.amount_in = in;
  transaction.amount_out = out;
  transaction.reference = fmt::format("{}-{}", out > 0 ? "RF" : "BT", 80000 + invoice.id);
  transaction.invoice = invoice.id;
  transaction.refund_of = refund_of;
  made = books.add_transaction(std::move(transaction), at_nine(day)).id;
}

}  // namespace

RateThousandths tax_rate_for(const Client& client) {
  if (client.tax_exempt) return 0;
  if (client.country == "JP") return 10'000;
  return client.country == "CH" ? 8'100 : 0;
}

Item monthly_item(const std::string& name, Cents amount, int months, const Clock& clock) {
  const int from = month_start(clock.today(), months);
  const int to = month_start(from, 1) - 1;
  return {0,      "Hosting", 0, fmt::format("{} ({} - {})", name, date_text(from, '/'), date_text(to, '/')),
          amount, true};
}

Invoice& add_invoice(Books& books, const Client& client, const InvoiceOrder& order, const Clock& clock) {
  const int today = clock.today();
  const int issued = today - order.issued_days_ago;
  const int due = today + order.due_in_days;
  Invoice draft;
  draft.client = client.id;
  draft.date = date_text(issued);
  draft.due_date = date_text(due);
  draft.created_at = draft.updated_at = at_nine(issued);
  draft.tax_rate = order.tax_rate.value_or(tax_rate_for(client));
  draft.gateway = client.default_gateway;
  draft.items = order.items;
  for (auto& item : draft.items) {
    if (!order.exact_amounts) item.amount = in_currency(item.amount, client.currency);
    if (client.tax_exempt) item.taxed = false;
  }
  draft.credit = order.credit;
  Invoice& invoice = books.add_invoice(std::move(draft));
  const int settled = std::min(due, today);
  Id payment = 0;
  if (order.status == "Paid" || order.status == "Refunded") {
    book(books, invoice, invoice.total(), 0, std::max(issued, settled - 2), 0, payment);
    books.set_status(invoice, "Paid", at_nine(std::max(issued, settled - 2)));
  } else if (order.paid > 0) {
    book(books, invoice, order.paid, 0, std::max(issued, settled - 1), 0, payment);
  }
  if (order.status == "Refunded") book(books, invoice, 0, invoice.total(), settled, payment, payment);
  if (order.status == "Payment Pending") invoice.capture_attempted_at = at_nine(settled);
  if (order.status != "Unpaid" && order.status != "Paid")
    books.set_status(invoice, order.status, at_nine(settled));
  return invoice;
}

void add_sample_invoices(Books& books, const Client& client, const Clock& clock) {
  const auto fiber = [&](int months) { return monthly_item("Fiber 1 Gbps", 4950 * kYen, months, clock); };
  const auto router = [&](int months) {
    return monthly_item("Wi-Fi 6 router rental", 330 * kYen, months, clock);
  };
  const auto sim = [&](int months) { return monthly_item("Mobile SIM 20 GB", 1980 * kYen, months, clock); };
  const auto calls = [&](int months) {
    return monthly_item("Mobile calls beyond 5 minutes", 440 * kYen, months, clock);
  };
  const auto line = [](const char* text, Cents yen, bool taxed) {
    return Item{0, "Item", 0, text, yen * kYen, taxed};
  };
  add_invoice(books, client,
              {"Paid",
               95,
               -81,
               {line("Fiber line installation at the customer&#039;s house", 22000, true),
                line("SIM card and eSIM issuance", 3300, true),
                line("Deposit for the router (returned at the end)", 5000, false)}},
              clock);
  add_invoice(books, client, {"Paid", 65, -51, {fiber(-2), router(-2), sim(-2)}}, clock);
  add_invoice(books, client, {"Refunded", 60, -46, {line("Mobile data top-up 5 GB", 1100, true)}}, clock);
  add_invoice(books, client, {"Cancelled", 55, -41, {line("Mobile data top-up 1 GB", 330, true)}}, clock);
  add_invoice(books, client, {"Collections", 52, -38, {line("Visit of a technician", 8800, true)}}, clock);
  add_invoice(books, client, {"Unpaid", 34, -20, {fiber(-1), router(-1), sim(-1), calls(-1)}}, clock);
  add_invoice(books, client, {"Payment Pending", 12, 2, {line("International roaming, 7 days", 4400, false)}},
              clock);
  add_invoice(books, client, {"Unpaid", 4, 10, {fiber(0), router(0), sim(0)}}, clock);
  add_invoice(books, client, {"Draft", 0, 40, {fiber(1), router(1), sim(1)}}, clock);
  add_sample_services(books, client, clock);
}

}  // namespace sandbox::whmcs
