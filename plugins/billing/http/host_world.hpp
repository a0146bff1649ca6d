// The hand-off's world, played by the host: operations, database, audit.
#pragma once

#include <portico/plugin.hpp>

#include "use_cases/hand_off.hpp"

namespace billing {

class HostWorld final : public HandOffWorld {
 public:
  explicit HostWorld(portico::Host& host) : host_(host) {}
  std::string customer_of(const std::string& user_id) override;
  portico::billing::Invoice invoice(const portico::billing::InvoiceRef& ref) override;
  Claim claim(const std::string& user_id, const std::string& invoice_id) override;
  void release(const std::string& user_id, const std::string& invoice_id, Moment minted_at) override;
  portico::billing::PaymentLink make_link(const portico::billing::InvoiceRef& ref) override;
  void announce(const portico::billing::PaymentStarted& payment) override;
  void record(const std::string& user_id, const std::string& invoice_id, std::string_view outcome,
              std::string_view code) override;

 private:
  portico::Host& host_;
};

}  // namespace billing
