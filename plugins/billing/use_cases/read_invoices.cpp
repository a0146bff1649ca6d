// Reading through the billing contract.
#include "use_cases/read_invoices.hpp"

#include <portico/contracts/accounts.hpp>

#include "domain/hand_off_rules.hpp"

namespace billing {

using namespace std::chrono_literals;
using portico::Problem;

std::string customer_of(portico::Host& host, const std::string& user_id, Fresh fresh) {
  const auto ask = [&] { return host.call(portico::accounts::get_links, {user_id}); };
  if (fresh == Fresh::yes) return ask().billing_customer_id;
  // Only the ids that this plugin needs are worth keeping; never stale, because this decides whose invoices
  // are read.
  const portico::CachePolicy policy{60s, 0s, 0s, {"links:" + user_id}};
  return host.cache().get_or_load("links:" + user_id, policy, ask).billing_customer_id;
}

portico::billing::InvoiceList list_invoices(portico::Host& host, const std::string& user_id,
                                            const portico::billing::InvoiceQuery& query) {
  auto own = query;
  own.customer_id = customer_of(host, user_id, Fresh::no);
  return from_provider([&] { return host.call(portico::billing::list_invoices, own); });
}

portico::billing::Invoice get_invoice(portico::Host& host, const std::string& user_id,
                                      const std::string& invoice_id) {
  if (!is_invoice_id(invoice_id)) throw Problem(404, "billing.invoice_not_found", "no invoice id");
  try {
    const portico::billing::InvoiceRef ref{customer_of(host, user_id, Fresh::no), invoice_id};
    return from_provider([&] { return host.call(portico::billing::get_invoice, ref); });
  } catch (const Problem& problem) {
    if (problem.status == 404)
      throw Problem(404, "billing.invoice_not_found", problem.code + ": " + problem.detail);
    throw;
  }
}

}  // namespace billing
