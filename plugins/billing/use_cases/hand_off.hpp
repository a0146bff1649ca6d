// A person opens an invoice at the billing site, signed in there.
#pragma once

#include <optional>
#include <portico/contracts/billing.hpp>
#include <string>

#include "domain/hand_off_rules.hpp"

namespace billing {

/// The right to make one link, or how long to wait for it.
struct Claim {
  std::optional<Moment> minted_at;
  int wait_s = 0;
};

/// What the use case needs of the world around it.
class HandOffWorld {
 public:
  virtual ~HandOffWorld() = default;
  /// errors: 404 accounts.not_linked
  virtual std::string customer_of(const std::string& user_id) = 0;
  /// Never from a cache: ownership and state decide here. errors: 404 billing.invoice_not_found
  virtual portico::billing::Invoice invoice(const portico::billing::InvoiceRef& ref) = 0;
  virtual Claim claim(const std::string& user_id, const std::string& invoice_id) = 0;
  virtual void release(const std::string& user_id, const std::string& invoice_id, Moment minted_at) = 0;
  virtual portico::billing::PaymentLink make_link(const portico::billing::InvoiceRef& ref) = 0;
  /// Tells other plugins that the person was sent to pay.
  virtual void announce(const portico::billing::PaymentStarted& payment) = 0;
  /// outcome: "ok", "refused", "failed"; code: of the problem, or empty.
  virtual void record(const std::string& user_id, const std::string& invoice_id, std::string_view outcome,
                      std::string_view code) = 0;
};

struct HandOff {
  std::string user_id;
  std::string invoice_id;
  Target target = Target::view;
  Moment now, proved_at;
};

/// Makes a link that is good once and for a short time. The claim is taken before the link is made and given
/// back when making it fails, so that a failure does not cost the person a minute.
///
/// errors    404 billing.invoice_not_found (absent, another's, a draft); 403 auth.step_up_required;
///           409 billing.invoice_not_payable, billing.payment_link_blocked; 429 billing.link_just_made;
///           upstream.*
portico::billing::PaymentLink hand_off(HandOffWorld& world, const HandOff& request);

}  // namespace billing
