// The invoice operations of the billing contract, played on WHMCS.
#pragma once

#include <portico/contracts/billing.hpp>

#include "mapping/desk.hpp"

namespace whmcs {

class Invoices {
 public:
  /// public_origin   scheme://host[:port] that sign-on links must have
  Invoices(const Desk& desk, std::string public_origin)
      : desk_(desk), public_origin_(std::move(public_origin)) {}

  /// Newest first (by id, the stable order). Rows that the contract hides (drafts; overdue ones when unpaid
  /// is asked for) are not counted in total either: see README, "Honest totals".
  portico::billing::InvoiceList list(const portico::billing::InvoiceQuery& query);
  portico::billing::Invoice get(const portico::billing::InvoiceRef& ref);
  portico::billing::PaymentLink link(const portico::billing::InvoiceRef& ref);

 private:
  struct Page {
    std::vector<portico::billing::InvoiceSummary> rows;
    std::int64_t returned = 0, total = 0;
  };
  Page fetch(std::int64_t client, std::optional<portico::billing::InvoiceStatus> status, std::int64_t from,
             std::int64_t count, const std::string& today);

  const Desk& desk_;
  const std::string public_origin_;
};

}  // namespace whmcs
