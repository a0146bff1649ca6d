// The subscription operations of the billing contract, played on WHMCS's services.
#pragma once

#include <portico/contracts/billing_orders.hpp>

#include "mapping/desk.hpp"

namespace whmcs {

class Subscriptions {
 public:
  Subscriptions(const Desk& desk, std::string reference_field)
      : desk_(desk), reference_field_(std::move(reference_field)) {}

  portico::billing::SubscriptionList list(const portico::billing::SubscriptionQuery& query);
  portico::billing::Subscription get(const portico::billing::SubscriptionRef& ref);
  portico::billing::Subscription change(const portico::billing::SubscriptionChange& change);
  portico::billing::Subscription run(const portico::billing::SubscriptionCommand& command);
  portico::billing::UpgradeResult upgrade(const portico::billing::Upgrade& upgrade);
  portico::billing::SubscriptionRef request_cancellation(const portico::billing::Cancellation& cancellation);

 private:
  const Desk& desk_;
  const std::string reference_field_;
};

}  // namespace whmcs
