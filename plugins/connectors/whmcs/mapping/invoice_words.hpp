// A WHMCS invoice in our words: status, dates, money, lines, payments; and the check of a sign-on link.
#pragma once

#include <portico/contracts/billing.hpp>

#include "client/fields.hpp"

namespace whmcs {

using portico::billing::InvoiceStatus;

/// The value of GetInvoices' status filter. "Overdue" exists as a filter only.
std::string_view filter_word(InvoiceStatus status);

/// The status of a row. Unpaid and past its due date is overdue: WHMCS keeps no such status.
/// today     YYYY-MM-DD in the portal's zone
/// errors    BadReply for a word the reference does not list
InvoiceStatus status_from(const Fields& invoice, const std::string& today);

/// A row of GetInvoices. currency is used where the row names none. errors: BadReply.
portico::billing::InvoiceSummary summary_from(const Fields& row, const std::string& today,
                                              const std::string& currency);

/// The reply of GetInvoice, which names no currency. errors: BadReply.
portico::billing::Invoice invoice_from(const Fields& reply, const std::string& today,
                                       const std::string& currency, std::string as_of);

/// scheme://host[:port] of an address, in lower case and without a default port; nothing for what is no plain
/// http(s) address (user information, spaces, quotes, control bytes).
std::optional<std::string> origin_of(std::string_view url);
/// host[:port] of an origin, to show to people.
std::string site_of(std::string_view origin);

}  // namespace whmcs
