// The catalogue and orders, as the crm contract has them.
#pragma once

#include <portico/contracts/crm_orders.hpp>

#include "mapping/customers.hpp"

namespace salesforce {

class Orders {
 public:
  Orders(const Desk& desk, Customers& customers) : desk_(desk), customers_(customers) {}

  portico::crm::ProductList products(const portico::crm::ProductQuery& query);
  portico::crm::Order place(const portico::crm::NewOrder& order);
  portico::crm::Order get(const portico::crm::OrderRef& ref);
  portico::crm::OrderList list(const portico::crm::OrderQuery& query);
  portico::crm::Order move(const portico::crm::OrderMove& move);
  portico::crm::Order note(const portico::crm::OrderProgress& progress);

 private:
  struct Entry {
    std::string id, book;
    double price = 0;
  };
  /// The price book's entries of these ids, in their order. errors: 422 crm.product_not_orderable
  std::vector<Entry> entries(const std::vector<portico::crm::NewOrderItem>& items);
  /// The account's order with the reference.
  std::optional<std::string> find_placed(const std::string& account, const std::string& reference);
  std::vector<Part> parts_of(const portico::crm::NewOrder& order, const std::string& account,
                             const std::string& contact);
  portico::crm::OrderSummary summary_from(const Record& record) const;
  portico::crm::Order order_from(const Record& record) const;

  const Desk& desk_;
  Customers& customers_;
};

}  // namespace salesforce
