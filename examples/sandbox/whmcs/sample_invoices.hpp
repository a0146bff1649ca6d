// Invoices as an internet and mobile provider would write them, in every state the billing system knows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/whmcs/books.hpp"

namespace sandbox::whmcs {

/// 10 % in Japan, 8.1 % in Switzerland, none elsewhere or for the tax-exempt.
RateThousandths tax_rate_for(const Client& client);

/// An invoice as a test orders it.
struct InvoiceOrder {
  std::string status = "Unpaid";
  int issued_days_ago = 7;
  int due_in_days = 7;  // from today; below 0 is past due
  std::vector<Item> items;
  Cents paid = 0;                           // partial payment of an open invoice
  Cents credit = 0;                         // taken off the total
  bool exact_amounts = false;               // items are in the client's currency, not in yen to be converted
  std::optional<RateThousandths> tax_rate;  // instead of the client's
};

/// Writes the invoice with what belongs to its state: payment when Paid, payment and refund when Refunded,
/// dates.
Invoice& add_invoice(Books& books, const Client& client, const InvoiceOrder& order, const Clock& clock);

/// Nine invoices of an internet + SIM customer: Draft, Unpaid, Unpaid past due, Paid (two), Cancelled,
/// Refunded, Collections, Payment Pending.
void add_sample_invoices(Books& books, const Client& client, const Clock& clock);

/// "Fiber 1 Gbps (2026/11/01 - 2026/11/30)" for the month that lies `months` after the current one.
Item monthly_item(const std::string& name, Cents amount, int months, const Clock& clock);

}  // namespace sandbox::whmcs
