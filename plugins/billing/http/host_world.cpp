// Calls of the host on behalf of the hand-off.
#include "http/host_world.hpp"

#include "http/contracts.hpp"
#include "store/link_claims.hpp"
#include "use_cases/read_invoices.hpp"

namespace billing {

std::string HostWorld::customer_of(const std::string& user_id) {
  return billing::customer_of(host_, user_id, Fresh::yes);
}

portico::billing::Invoice HostWorld::invoice(const portico::billing::InvoiceRef& ref) {
  return from_provider([&] { return host_.call(portico::billing::get_invoice, ref); });
}

Claim HostWorld::claim(const std::string& user_id, const std::string& invoice_id) {
  return store::claim_link(host_.database(), user_id, invoice_id);
}

void HostWorld::release(const std::string& user_id, const std::string& invoice_id, Moment minted_at) {
  store::release_link(host_.database(), user_id, invoice_id, minted_at);
}

portico::billing::PaymentLink HostWorld::make_link(const portico::billing::InvoiceRef& ref) {
  return from_provider([&] { return host_.call(portico::billing::create_payment_link, ref); });
}

void HostWorld::announce(const portico::billing::PaymentStarted& payment) {
  host_.events().publish(portico::billing::payment_started, payment, {.key = payment.invoice_id});
}

void HostWorld::record(const std::string& user_id, const std::string& invoice_id, std::string_view outcome,
                       std::string_view code) {
  const auto details =
      code.empty() ? std::string() : boost::json::serialize(boost::json::object{{"code", code}});
  host_.audit().record({"billing.payment_link", user_id, invoice_id, std::string(outcome), details});
}

}  // namespace billing
