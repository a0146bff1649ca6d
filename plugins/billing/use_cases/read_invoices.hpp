// A person reads the own invoices.
#pragma once

#include <portico/plugin.hpp>

#include "http/contracts.hpp"

namespace billing {

/// Who the user is in billing, remembered for a minute where remembered is allowed.
enum class Fresh { no, yes };
std::string customer_of(portico::Host& host, const std::string& user_id, Fresh fresh);

/// errors    404 accounts.not_linked; upstream.*; 503 service.not_provided
portico::billing::InvoiceList list_invoices(portico::Host& host, const std::string& user_id,
                                            const portico::billing::InvoiceQuery& query);

/// errors    404 billing.invoice_not_found, the same for an absent invoice, another's and a text that is no
/// id
portico::billing::Invoice get_invoice(portico::Host& host, const std::string& user_id,
                                      const std::string& invoice_id);

}  // namespace billing
