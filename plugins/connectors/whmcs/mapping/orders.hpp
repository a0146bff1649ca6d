// The catalogue and the order operations of the billing contract, played on WHMCS.
#pragma once

#include <portico/contracts/billing_orders.hpp>

#include "mapping/desk.hpp"

namespace whmcs {

/// AddOrder takes no key of ours and no notes. Orders are found again by a custom field that each product
/// has; it is written with the order and holds the caller's reference.
class Orders {
 public:
  Orders(const Desk& desk, std::string reference_field)
      : desk_(desk), reference_field_(std::move(reference_field)) {}

  portico::billing::ProductList products(const portico::billing::ProductQuery& query);
  portico::billing::Order place(const portico::billing::NewOrder& order);
  portico::billing::Order get(const portico::billing::OrderRef& ref);
  portico::billing::OrderList list(const portico::billing::OrderQuery& query);
  portico::billing::Order accept(const portico::billing::OrderRef& ref);
  portico::billing::Order cancel(const portico::billing::OrderRef& ref);

 private:
  struct Placed {
    std::string order_id;
  };
  /// The order whose services hold the reference.
  std::optional<Placed> find_placed(std::int64_t client, const std::string& reference);
  /// The parameters of AddOrder. errors: 422 billing.product_not_orderable, request.invalid
  Form add_order_form(const portico::billing::NewOrder& order, std::int64_t client);
  /// Brings a pending order into the state. errors: 409 billing.order_state
  portico::billing::Order bring(const portico::billing::OrderRef& ref, const char* action,
                                portico::billing::OrderStatus wanted);

  const Desk& desk_;
  const std::string reference_field_;
};

}  // namespace whmcs
