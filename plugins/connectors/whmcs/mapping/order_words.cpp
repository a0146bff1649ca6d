// Translation of the catalogue, orders and services.
#include "mapping/order_words.hpp"

#include <algorithm>
#include <array>

#include "client/decimal.hpp"
#include "client/reply.hpp"

namespace whmcs {

namespace {

using portico::Money;
using portico::billing::BillingCycle;
using portico::billing::OptionKind;
using portico::billing::OrderStatus;
using portico::billing::Price;
using portico::billing::SubscriptionStatus;

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && starts_with(a, b);
}

struct Cycle {
  BillingCycle cycle;
  std::string_view param;
  const char* setup;  // member of a price list; null for free and one-time
};

constexpr std::array<Cycle, 8> kCycles{{{BillingCycle::free, "free", nullptr},
                                        {BillingCycle::one_time, "onetime", nullptr},
                                        {BillingCycle::monthly, "monthly", "msetupfee"},
                                        {BillingCycle::quarterly, "quarterly", "qsetupfee"},
                                        {BillingCycle::semi_annually, "semiannually", "ssetupfee"},
                                        {BillingCycle::annually, "annually", "asetupfee"},
                                        {BillingCycle::biennially, "biennially", "bsetupfee"},
                                        {BillingCycle::triennially, "triennially", "tsetupfee"}}};

struct StatusWord {
  SubscriptionStatus status;
  std::string_view word;
};

constexpr std::array<StatusWord, 7> kStatuses{{{SubscriptionStatus::pending, "Pending"},
                                               {SubscriptionStatus::active, "Active"},
                                               {SubscriptionStatus::suspended, "Suspended"},
                                               {SubscriptionStatus::terminated, "Terminated"},
                                               {SubscriptionStatus::cancelled, "Cancelled"},
                                               {SubscriptionStatus::fraud, "Fraud"},
                                               {SubscriptionStatus::completed, "Completed"}}};

/// A price list's amount; nothing for "-1.00", which says that the term is not offered.
std::optional<std::int64_t> offered(const Fields& list, std::string_view name, std::string_view currency) {
  const auto text = list.decimal(name);
  if (text.empty() || text.starts_with('-')) return std::nullopt;
  return list.money(name, currency);
}

std::int64_t setup_fee(const Fields& list, std::string_view name, std::string_view currency) {
  return offered(list, name, currency).value_or(0);
}

/// The terms on offer. One-time products have their price under "monthly".
std::vector<Price> prices_from(const Fields& row, std::string_view currency, std::string_view pay_type) {
  std::vector<Price> out;
  const std::string code(currency);
  if (same_word(pay_type, "free")) return {{BillingCycle::free, {0, code}, {0, code}}};
  const auto pricing = row.object("pricing");
  const auto list = pricing ? pricing->object(currency) : std::nullopt;
  if (!list) return out;
  const bool once = same_word(pay_type, "onetime");
  for (const auto& cycle : kCycles) {
    if (cycle.setup == nullptr) continue;
    const auto amount = offered(*list, cycle.param, currency);
    if (!amount) continue;
    out.push_back({once ? BillingCycle::one_time : cycle.cycle,
                   {setup_fee(*list, cycle.setup, currency), code},
                   {*amount, code}});
    if (once) break;
  }
  return out;
}

/// "1" dropdown, "2" radio, "3" yes/no, "4" quantity.
OptionKind kind_from(const Fields& option) {
  const auto number = option.integer("type");
  if (number == 1 || number == 2) return OptionKind::choice;
  if (number == 3) return OptionKind::yes_no;
  if (number == 4) return OptionKind::quantity;
  throw BadReply("configoptions has an option of a kind that is not known");
}

}  // namespace

std::string_view cycle_param(BillingCycle cycle) {
  return std::find_if(kCycles.begin(), kCycles.end(), [&](const Cycle& c) { return c.cycle == cycle; })
      ->param;
}

BillingCycle cycle_from(std::string_view word) {
  std::string plain;
  for (const char c : word)
    if (c != ' ' && c != '-') plain += c;
  if (same_word(plain, "FreeAccount")) return BillingCycle::free;
  for (const auto& cycle : kCycles)
    if (same_word(plain, cycle.param)) return cycle.cycle;
  throw BadReply("billingcycle is a word that is not known");
}

std::optional<std::int64_t> field_named(const Fields& row, std::string_view name) {
  for (const auto& field : row.list("customfields", "customfield"))
    if (same_word(field.text("name"), name)) return field.integer("id");
  return std::nullopt;
}

std::optional<portico::billing::Product> product_from(const Fields& row, std::string_view currency,
                                                      std::string_view reference_field) {
  portico::billing::Product out;
  const auto pay_type = row.text("paytype");
  out.prices = prices_from(row, currency, pay_type);
  if (out.prices.empty()) return std::nullopt;
  out.id = std::to_string(row.integer("pid"));
  out.group_id = std::to_string(row.integer("gid"));
  out.name = row.text("name");
  out.description = row.text("description");
  out.orderable = false;
  for (const auto& field : row.list("customfields", "customfield")) {
    if (same_word(field.text("name"), reference_field)) {
      out.orderable = true;
      continue;
    }
    out.fields.push_back({std::to_string(field.integer("id")), field.text("name"), field.flag("required")});
  }
  for (const auto& option : row.list("configoptions", "configoption")) {
    portico::billing::ProductOption one;
    one.id = std::to_string(option.integer("id"));
    one.name = option.text("name");
    one.kind = kind_from(option);
    one.min_quantity = option.integer_if("minqty").value_or(0);
    one.max_quantity = option.integer_if("maxqty").value_or(0);
    for (const auto& choice : option.list("options", "option"))
      one.choices.push_back({std::to_string(choice.integer("id")), choice.text("name"),
                             prices_from(choice, currency, pay_type)});
    out.options.push_back(std::move(one));
  }
  return out;
}

portico::billing::Order order_from(const Fields& row, const std::string& currency, std::string as_of) {
  portico::billing::Order out;
  out.id = std::to_string(row.integer("id"));
  out.number = row.text_if("ordernum").value_or(out.id);
  out.customer_id = std::to_string(row.integer("userid"));
  const auto status = row.text("status");
  out.status = same_word(status, "Pending")     ? OrderStatus::pending
               : same_word(status, "Active")    ? OrderStatus::active
               : same_word(status, "Fraud")     ? OrderStatus::fraud
               : same_word(status, "Cancelled") ? OrderStatus::cancelled
                                                : OrderStatus::other;
  const auto date = row.date("date");
  if (!date) throw BadReply("date is absent");
  out.placed_on = *date;
  out.amount = {row.money("amount", currency), currency};
  out.gateway = row.text("paymentmethod");
  if (const auto invoice = row.integer_if("invoiceid"); invoice && *invoice > 0)
    out.invoice_id = std::to_string(*invoice);
  for (const auto& line : row.list("lineitems", "lineitem")) {
    portico::billing::OrderLine one;
    const auto related = line.integer_if("relid");
    if (related && *related > 0 && same_word(line.text("type"), "product"))
      one.subscription_id = std::to_string(*related);
    one.description = line.text("product");
    out.lines.push_back(std::move(one));
  }
  out.as_of = std::move(as_of);
  return out;
}

std::string_view status_word(SubscriptionStatus status) {
  return std::find_if(kStatuses.begin(), kStatuses.end(),
                      [&](const StatusWord& w) { return w.status == status; })
      ->word;
}

portico::billing::Subscription subscription_from(const Fields& row, const std::string& currency,
                                                 std::string_view reference_field) {
  portico::billing::Subscription out;
  out.id = std::to_string(row.integer("id"));
  out.customer_id = std::to_string(row.integer("clientid"));
  out.order_id = std::to_string(row.integer_if("orderid").value_or(0));
  out.product_id = std::to_string(row.integer("pid"));
  out.product_name = row.text("name");
  out.group_name = row.text("groupname");
  const auto word = row.text("status");
  const auto* found = std::find_if(kStatuses.begin(), kStatuses.end(),
                                   [&](const StatusWord& w) { return same_word(word, w.word); });
  if (found == kStatuses.end()) throw BadReply("status is a word that is not known");  // "" is not Active
  out.status = found->status;
  out.cycle = cycle_from(row.text("billingcycle"));
  out.quantity = row.integer_if("qty").value_or(1);
  out.first_payment = {row.money("firstpaymentamount", currency), currency};
  out.recurring = {row.money("recurringamount", currency), currency};
  out.gateway = row.text("paymentmethod");
  out.registered_on = row.date("regdate");
  out.next_due_on = row.date("nextduedate");
  for (const auto& field : row.list("customfields", "customfield"))
    if (!same_word(field.text("name"), reference_field))
      out.fields.push_back({std::to_string(field.integer("id")), field.text("name"), field.text("value")});
  for (const auto& option : row.list("configoptions", "configoption"))
    out.options.push_back(
        {std::to_string(option.integer("id")), option.text("option"), option.text("value")});
  return out;
}

}  // namespace whmcs
