// Billing as plugins share it, second part: what is for sale, orders, and the subscriptions they bring.
//
// Writes that must not happen twice take the caller's reference or name the state that is wanted. Each looks
// before it acts, so a repeat is safe. 503 billing.outcome_unknown: nobody knows yet whether the write took
// effect; repeat it, with the same reference, after Retry-After. Any other failure means that it did not.
#pragma once

#include <portico/contracts/billing.hpp>

namespace portico::billing {

enum class BillingCycle {
  free,
  one_time,
  monthly,
  quarterly,
  semi_annually,
  annually,
  biennially,
  triennially
};
BOOST_DESCRIBE_ENUM(BillingCycle, free, one_time, monthly, quarterly, semi_annually, annually, biennially,
                    triennially)

/// What one term costs; setup once, with the first. Without tax.
struct Price {
  BillingCycle cycle = BillingCycle::monthly;
  Money setup;
  Money amount;
};
BOOST_DESCRIBE_STRUCT(Price, (), (cycle, setup, amount))

enum class OptionKind { choice, yes_no, quantity };
BOOST_DESCRIBE_ENUM(OptionKind, choice, yes_no, quantity)

/// One of a product's choices, or the piece that is counted; priced on top of the product.
struct OptionChoice {
  std::string id;
  std::string name;
  std::vector<Price> prices;
};
BOOST_DESCRIBE_STRUCT(OptionChoice, (), (id, name, prices))

struct ProductOption {
  std::string id;
  std::string name;
  OptionKind kind = OptionKind::choice;
  std::int64_t min_quantity = 0;
  std::int64_t max_quantity = 0;  // 0: no limit
  std::vector<OptionChoice> choices;
};
BOOST_DESCRIBE_STRUCT(ProductOption, (), (id, name, kind, min_quantity, max_quantity, choices))

/// Something the customer is asked for with the order.
struct ProductField {
  std::string id;
  std::string name;
  bool required = false;
};
BOOST_DESCRIBE_STRUCT(ProductField, (), (id, name, required))

/// orderable is false where an order could not be found again afterwards (place_order refuses it).
struct Product {
  std::string id;
  std::string group_id;
  std::string name;
  std::string description;  // text, not HTML
  std::vector<Price> prices;
  std::vector<ProductOption> options;
  std::vector<ProductField> fields;
  bool orderable = true;
};
BOOST_DESCRIBE_STRUCT(Product, (), (id, group_id, name, description, prices, options, fields, orderable))

/// Prices come in one currency (ISO 4217); products without a price in it are left out.
struct ProductQuery {
  std::string currency;
  std::optional<std::string> group_id;
  std::optional<std::string> product_id;
};
BOOST_DESCRIBE_STRUCT(ProductQuery, (), (currency, group_id, product_id))
struct ProductList {
  std::vector<Product> items;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(ProductList, (), (items, as_of))
inline constexpr Operation<ProductQuery, ProductList> list_products{"billing.list_products/1"};

/// value: of a choice its id, of yes_no "1" or "0", of a quantity the number.
struct ChosenOption {
  std::string option_id;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(ChosenOption, (), (option_id, value))
struct FieldValue {
  std::string field_id;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(FieldValue, (), (field_id, value))

struct OrderItem {
  std::string product_id;
  BillingCycle cycle = BillingCycle::monthly;
  std::int64_t quantity = 1;  // 1 to 100
  std::vector<ChosenOption> options;
  std::vector<FieldValue> fields;
};
BOOST_DESCRIBE_STRUCT(OrderItem, (), (product_id, cycle, quantity, options, fields))

/// Places an order, or finds the one an earlier try with the same reference placed.
///
/// reference  1 to 64 letters, digits and -_.: unique to this order; kept with each of its subscriptions
/// items      1 to 20
/// gateway    one of list_gateways
/// errors     404 billing.customer_not_found; 409 billing.customer_closed; 422 billing.product_not_orderable,
///            billing.gateway_unknown, request.invalid; 503 billing.outcome_unknown; upstream.*
struct NewOrder {
  std::string reference;
  std::string customer_id;
  std::string gateway;
  std::vector<OrderItem> items;
  std::optional<std::string> promo_code;
  bool send_mail = false;
};
BOOST_DESCRIBE_STRUCT(NewOrder, (), (reference, customer_id, gateway, items, promo_code, send_mail))

/// other: a state the installation made up.
enum class OrderStatus { pending, active, fraud, cancelled, other };
BOOST_DESCRIBE_ENUM(OrderStatus, pending, active, fraud, cancelled, other)

struct OrderLine {
  std::optional<std::string> subscription_id;
  std::string description;
};
BOOST_DESCRIBE_STRUCT(OrderLine, (), (subscription_id, description))

/// invoice_id is absent where nothing was due. placed_on is YYYY-MM-DD in the portal's time zone.
struct Order {
  std::string id;
  std::string number;
  std::string customer_id;
  OrderStatus status = OrderStatus::pending;
  std::string placed_on;
  Money amount;  // without tax
  std::string gateway;
  std::optional<std::string> invoice_id;
  std::vector<OrderLine> lines;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(Order, (),
                      (id, number, customer_id, status, placed_on, amount, gateway, invoice_id, lines, as_of))
inline constexpr Operation<NewOrder, Order> place_order{"billing.place_order/1"};

/// errors    404 billing.order_not_found, also for another customer's; upstream.*
struct OrderRef {
  std::string customer_id;
  std::string order_id;
};
BOOST_DESCRIBE_STRUCT(OrderRef, (), (customer_id, order_id))
inline constexpr Operation<OrderRef, Order> get_order{"billing.get_order/1"};

/// page counts from 1; page_size 1 to 100.
struct OrderQuery {
  std::string customer_id;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
};
BOOST_DESCRIBE_STRUCT(OrderQuery, (), (customer_id, page, page_size))
struct OrderList {
  std::vector<Order> items;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  std::int64_t total = 0;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(OrderList, (), (items, page, page_size, total, as_of))
inline constexpr Operation<OrderQuery, OrderList> list_orders{"billing.list_orders/1"};

/// Sets an order going, which may provision it and take minutes; an active one stays as it is. Cancelling
/// takes an order back that is still pending, with its open invoice; a cancelled one stays as it is.
///
/// errors    as get_order; 409 billing.order_state (the order is in another state); 422
/// billing.provisioning_failed;
///           503 billing.outcome_unknown
inline constexpr Operation<OrderRef, Order> accept_order{"billing.accept_order/1"};
inline constexpr Operation<OrderRef, Order> cancel_order{"billing.cancel_order/1"};

enum class SubscriptionStatus { pending, active, suspended, terminated, cancelled, fraud, completed };
BOOST_DESCRIBE_ENUM(SubscriptionStatus, pending, active, suspended, terminated, cancelled, fraud, completed)

struct NamedValue {
  std::string id;
  std::string name;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(NamedValue, (), (id, name, value))

/// One product a customer has. Amounts are without tax; next_due_on is absent for what is paid once or never.
struct Subscription {
  std::string id;
  std::string customer_id;
  std::string order_id;
  std::string product_id;
  std::string product_name;
  std::string group_name;
  SubscriptionStatus status = SubscriptionStatus::pending;
  BillingCycle cycle = BillingCycle::monthly;
  std::int64_t quantity = 1;
  Money first_payment;
  Money recurring;
  std::string gateway;
  std::optional<std::string> registered_on;
  std::optional<std::string> next_due_on;
  std::vector<NamedValue> fields;
  std::vector<NamedValue> options;
};
BOOST_DESCRIBE_STRUCT(Subscription, (),
                      (id, customer_id, order_id, product_id, product_name, group_name, status, cycle,
                       quantity, first_payment, recurring, gateway, registered_on, next_due_on, fields,
                       options))

/// page counts from 1; page_size 1 to 100; oldest first.
struct SubscriptionQuery {
  std::string customer_id;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
};
BOOST_DESCRIBE_STRUCT(SubscriptionQuery, (), (customer_id, page, page_size))
struct SubscriptionList {
  std::vector<Subscription> items;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  std::int64_t total = 0;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(SubscriptionList, (), (items, page, page_size, total, as_of))
inline constexpr Operation<SubscriptionQuery, SubscriptionList> list_subscriptions{
    "billing.list_subscriptions/1"};

/// errors    404 billing.subscription_not_found, also for another customer's; upstream.*
struct SubscriptionRef {
  std::string customer_id;
  std::string subscription_id;
};
BOOST_DESCRIBE_STRUCT(SubscriptionRef, (), (customer_id, subscription_id))
inline constexpr Operation<SubscriptionRef, Subscription> get_subscription{"billing.get_subscription/1"};

/// Changes the record: what is given is so afterwards, the rest stays. It provisions nothing. errors: as
/// get_subscription; 503 billing.outcome_unknown
struct SubscriptionChange {
  std::string customer_id;
  std::string subscription_id;
  std::optional<SubscriptionStatus> status;
  std::optional<std::string> next_due_on;
  std::optional<std::string> gateway;
  std::vector<FieldValue> fields;
};
BOOST_DESCRIBE_STRUCT(SubscriptionChange, (),
                      (customer_id, subscription_id, status, next_due_on, gateway, fields))
inline constexpr Operation<SubscriptionChange, Subscription> change_subscription{
    "billing.change_subscription/1"};

/// change_plan tells the provisioned line about the product it has since an upgrade.
enum class Command { create, suspend, resume, terminate, change_plan };
BOOST_DESCRIBE_ENUM(Command, create, suspend, resume, terminate, change_plan)

/// Provisions, which may take minutes. A subscription that is already so stays as it is (change_plan is
/// always carried out). errors: as get_subscription; 409 billing.not_provisioned (the product has nothing to
/// provision); 422 billing.provisioning_failed; 503 billing.outcome_unknown
struct SubscriptionCommand {
  std::string customer_id;
  std::string subscription_id;
  Command command = Command::create;
  std::optional<std::string> reason;  // of a suspension
};
BOOST_DESCRIBE_STRUCT(SubscriptionCommand, (), (customer_id, subscription_id, command, reason))
inline constexpr Operation<SubscriptionCommand, Subscription> run_command{"billing.run_command/1"};

/// Moves a subscription to another product for the rest of its term. A repeat finds the subscription moved,
/// or the move waiting for its payment.
///
/// errors    as get_subscription; 422 billing.upgrade_refused, billing.gateway_unknown; 503
/// billing.outcome_unknown
struct Upgrade {
  std::string customer_id;
  std::string subscription_id;
  std::string product_id;
  BillingCycle cycle = BillingCycle::monthly;
  std::string gateway;
};
BOOST_DESCRIBE_STRUCT(Upgrade, (), (customer_id, subscription_id, product_id, cycle, gateway))

/// done: it is the new product. waiting: an invoice has to be paid first, for this move or for another one
/// that was asked for before. Ids are there where this call made the order.
enum class UpgradeState { done, waiting };
BOOST_DESCRIBE_ENUM(UpgradeState, done, waiting)
struct UpgradeResult {
  UpgradeState state = UpgradeState::done;
  std::optional<std::string> order_id;
  std::optional<std::string> invoice_id;
};
BOOST_DESCRIBE_STRUCT(UpgradeResult, (), (state, order_id, invoice_id))
inline constexpr Operation<Upgrade, UpgradeResult> upgrade_subscription{"billing.upgrade_subscription/1"};

/// Asks for the end of a subscription; an earlier request stays as it is. errors: as get_subscription; 503
/// billing.outcome_unknown
struct Cancellation {
  std::string customer_id;
  std::string subscription_id;
  bool at_once = false;  // else at the end of the term that is paid
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(Cancellation, (), (customer_id, subscription_id, at_once, reason))
inline constexpr Operation<Cancellation, SubscriptionRef> request_cancellation{
    "billing.request_cancellation/1"};

}  // namespace portico::billing
