// The invoice operations of the billing contract, played on WHMCS.
#pragma once

#include <functional>
#include <portico/contracts/billing.hpp>

#include "client/api.hpp"
#include "mapping/zone.hpp"

namespace whmcs {

class Invoices {
 public:
  struct Setting {
    std::string public_origin;  // scheme://host[:port] that sign-on links must have
    std::function<std::chrono::sys_seconds()> now;
    /// The currency of a client, as ISO 4217; may be remembered, it does not change while there are invoices.
    std::function<std::string(const std::string& customer_id)> currency;
  };
  Invoices(Api& api, Zone zone, Setting setting)
      : api_(api), zone_(std::move(zone)), setting_(std::move(setting)) {}

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

  Api& api_;
  const Zone zone_;
  const Setting setting_;
};

}  // namespace whmcs
