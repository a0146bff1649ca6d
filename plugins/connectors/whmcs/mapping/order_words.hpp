// Products, orders and subscriptions in our words; pure.
#pragma once

#include <portico/contracts/billing_orders.hpp>

#include "client/fields.hpp"

namespace whmcs {

/// The value of a billingcycle parameter: "semiannually".
std::string_view cycle_param(portico::billing::BillingCycle cycle);
/// From an answer: "Semi-Annually", "One Time", "One-Time". errors: BadReply for a word the reference does
/// not list.
portico::billing::BillingCycle cycle_from(std::string_view word);

/// A row of GetProducts. reference_field: name of the custom field that orders are found by. Nothing where
/// the product has no price in the currency.
std::optional<portico::billing::Product> product_from(const Fields& row, std::string_view currency,
                                                      std::string_view reference_field);
/// The id of the custom field of that name, by a row of GetProducts or of GetClientsProducts.
std::optional<std::int64_t> field_named(const Fields& row, std::string_view name);

/// A row of GetOrders.
portico::billing::Order order_from(const Fields& row, const std::string& currency, std::string as_of);

/// The word of UpdateClientProduct and of answers.
std::string_view status_word(portico::billing::SubscriptionStatus status);
/// A row of GetClientsProducts. The field of our references is left out.
portico::billing::Subscription subscription_from(const Fields& row, const std::string& currency,
                                                 std::string_view reference_field);

}  // namespace whmcs
