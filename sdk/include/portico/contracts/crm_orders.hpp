// Customer records as plugins share them, second part: what is for sale, and orders with the address they
// were placed for. Writes: see crm.hpp.
#pragma once

#include <portico/contracts/crm.hpp>
#include <portico/contracts/money.hpp>

namespace portico::crm {

enum class Category { internet, sim, vpn, mixed, other };
BOOST_DESCRIBE_ENUM(Category, internet, sim, vpn, mixed, other)

enum class ItemClass { service, installation, add_on, activation, other };
BOOST_DESCRIBE_ENUM(ItemClass, service, installation, add_on, activation, other)

enum class Cycle { monthly, one_time, other };
BOOST_DESCRIBE_ENUM(Cycle, monthly, one_time, other)

/// A product at its price in the portal's price book. price_id is what orders name.
struct Product {
  std::string id;
  std::string price_id;
  std::string code;
  std::string name;
  std::string description;
  Category category = Category::other;
  ItemClass item_class = ItemClass::other;
  Cycle cycle = Cycle::other;
  Money price;
  std::vector<std::string> lines;                 // Eligibility::line of the homes it is for; none: all
  std::optional<std::string> billing_product_id;  // of the billing system
  std::optional<std::string> plan_code;           // of the mobile provider
  std::int64_t position = 0;                      // in a list, ascending
};
BOOST_DESCRIBE_STRUCT(Product, (),
                      (id, price_id, code, name, description, category, item_class, cycle, price, lines,
                       billing_product_id, plan_code, position))
/// Without a category: all. mixed is none.
struct ProductQuery {
  std::optional<Category> category;
  Urgency urgency = Urgency::wanted;
};
BOOST_DESCRIBE_STRUCT(ProductQuery, (), (category, urgency))
struct ProductList {
  std::vector<Product> items;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(ProductList, (), (items, as_of))
/// Products for sale that the portal shows, whole. errors: 422 request.invalid; upstream.*
inline constexpr Operation<ProductQuery, ProductList> list_products{"crm.list_products/1"};

/// draft: placed. review: the staff looks at it. active: being fulfilled, or fulfilled. other: a stage of
/// their own.
enum class OrderStage { draft, review, active, other };
BOOST_DESCRIBE_ENUM(OrderStage, draft, review, active, other)

enum class Fulfilment { not_started, running, done, failed };
BOOST_DESCRIBE_ENUM(Fulfilment, not_started, running, done, failed)

enum class SimChoice { card, esim };
BOOST_DESCRIBE_ENUM(SimChoice, card, esim)

/// What fulfilment needs to know beside the items.
struct OrderWishes {
  std::optional<std::string> starts_at;  // RFC 3339; absent: at once
  std::optional<SimChoice> sim;
  std::optional<std::string> eid;                  // personal
  std::optional<std::string> port_in_reservation;  // a number brought along
  std::optional<std::string> access_mode;          // of an internet line, in the system's words
};
BOOST_DESCRIBE_STRUCT(OrderWishes, (), (starts_at, sim, eid, port_in_reservation, access_mode))

struct NewOrderItem {
  std::string price_id;
  std::int64_t quantity = 1;  // 1 to 100
};
BOOST_DESCRIBE_STRUCT(NewOrderItem, (), (price_id, quantity))

/// Places an order with its items and addresses as they are now, all or nothing; or finds the one an earlier
/// try with the same reference placed. Prices are those of the price book.
///
/// reference  1 to 64 characters of A–Z a–z 0–9 . _ -; unique to this order
/// items      1 to 20
/// ordered_on YYYY-MM-DD on the portal's calendar
/// errors     404 crm.account_not_found, crm.contact_not_found; 422 crm.product_not_orderable, crm.refused,
///            request.invalid; 409 crm.duplicate (the reference is another customer's); 503
///            crm.outcome_unknown; upstream.*
struct NewOrder {
  std::string reference;
  std::string account_id;
  std::string contact_id;
  std::string ordered_on;
  Category category = Category::other;
  std::vector<NewOrderItem> items;
  Address billing_address;
  Address service_address;
  OrderWishes wishes;
  std::optional<std::string> billing_order_id;  // of the billing system
};
BOOST_DESCRIBE_STRUCT(NewOrder, (),
                      (reference, account_id, contact_id, ordered_on, category, items, billing_address,
                       service_address, wishes, billing_order_id))

struct OrderLine {
  std::string id;
  std::string product_id;
  std::string code;
  std::string name;
  std::int64_t quantity = 1;
  Money unit_price;
  Money total;
  Cycle cycle = Cycle::other;
  std::optional<std::string> subscription_id;  // of the billing system
};
BOOST_DESCRIBE_STRUCT(OrderLine, (),
                      (id, product_id, code, name, quantity, unit_price, total, cycle, subscription_id))

struct OrderSummary {
  std::string id;
  std::string number;
  std::optional<std::string> reference;
  OrderStage stage = OrderStage::other;
  std::string stage_text;  // the system's word
  Category category = Category::other;
  std::string ordered_on;
  std::string created_at;  // RFC 3339 UTC
  Money total;
  Fulfilment fulfilment = Fulfilment::not_started;
};
BOOST_DESCRIBE_STRUCT(OrderSummary, (),
                      (id, number, reference, stage, stage_text, category, ordered_on, created_at, total,
                       fulfilment))

/// failure_* say why fulfilment failed, for staff.
struct Order {
  std::string account_id;
  OrderSummary summary;
  std::vector<OrderLine> lines;
  Address billing_address;
  Address service_address;
  OrderWishes wishes;
  std::optional<std::string> billing_order_id;
  std::optional<std::string> failure_code;
  std::optional<std::string> failure_text;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(Order, (),
                      (account_id, summary, lines, billing_address, service_address, wishes, billing_order_id,
                       failure_code, failure_text, as_of))
inline constexpr Operation<NewOrder, Order> place_order{"crm.place_order/1"};

struct OrderRef {
  std::string account_id;
  std::string order_id;
};
BOOST_DESCRIBE_STRUCT(OrderRef, (), (account_id, order_id))
/// errors    404 crm.order_not_found, also for another account's; upstream.*
inline constexpr Operation<OrderRef, Order> get_order{"crm.get_order/1"};

/// page counts from 1, page_size 1 to 100, at most 2,000 orders deep; newest first.
struct OrderQuery {
  std::string account_id;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  Urgency urgency = Urgency::wanted;
};
BOOST_DESCRIBE_STRUCT(OrderQuery, (), (account_id, page, page_size, urgency))
struct OrderList {
  std::vector<OrderSummary> items;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  std::int64_t total = 0;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(OrderList, (), (items, page, page_size, total, as_of))
inline constexpr Operation<OrderQuery, OrderList> list_orders{"crm.list_orders/1"};

/// Brings an order into a stage (not other); one that is there already stays.
///
/// errors    404 crm.order_not_found; 409 crm.order_state; 503 crm.outcome_unknown; upstream.*
struct OrderMove {
  std::string account_id;
  std::string order_id;
  OrderStage stage = OrderStage::review;
};
BOOST_DESCRIBE_STRUCT(OrderMove, (), (account_id, order_id, stage))
inline constexpr Operation<OrderMove, Order> move_order{"crm.move_order/1"};

/// The subscription that a line of the order brought.
struct LineResult {
  std::string line_id;
  std::string subscription_id;
};
BOOST_DESCRIBE_STRUCT(LineResult, (), (line_id, subscription_id))
/// Notes what fulfilment has come to; what is not given stays. failure_* are kept with failed and cleared by
/// any other fulfilment. errors: 404 crm.order_not_found; 422 crm.refused, request.invalid; 503
/// crm.outcome_unknown; upstream.*
struct OrderProgress {
  std::string account_id;
  std::string order_id;
  std::optional<Fulfilment> fulfilment;
  std::optional<std::string> failure_code;  // at most 80 characters
  std::optional<std::string> failure_text;  // at most 1,000
  std::optional<std::string> billing_order_id;
  std::vector<LineResult> lines;
};
BOOST_DESCRIBE_STRUCT(OrderProgress, (),
                      (account_id, order_id, fulfilment, failure_code, failure_text, billing_order_id, lines))
inline constexpr Operation<OrderProgress, Order> note_progress{"crm.note_progress/1"};

}  // namespace portico::crm
