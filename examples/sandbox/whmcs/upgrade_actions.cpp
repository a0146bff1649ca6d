// UpgradeProduct: prices a change of product or options for the rest of the term, and orders it.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/catalogue.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

bool waits_for_payment(const Call& call, Id service) {
  return std::any_of(call.books.upgrades.begin(), call.books.upgrades.end(), [&](const auto& entry) {
    const Upgrade& upgrade = entry.second;
    const auto* invoice = call.books.find_invoice(upgrade.invoice);
    return upgrade.service == service && !upgrade.applied && !upgrade.cancelled && invoice != nullptr &&
           invoice->status == "Unpaid";
  });
}

const Product& wanted_product(const Call& call, const Service& service, bool product) {
  const auto* found = find_product(product ? call.integer("newproductid") : service.product);
  if (found == nullptr) throw ActionError("Invalid Product ID Requested");
  return *found;
}

/// The plain map configoptions[id]=choice, over what the service has.
std::map<Id, Id> wanted_options(const Call& call, const Service& service, const Product& product) {
  auto wanted = service.options;
  if (const auto* map = call.list("configoptions"))
    for (const auto& [id, value] : map->entries) wanted[php_int(id)] = php_int(value.text);
  return sound_options(product, wanted);
}

struct Period {
  int left = 0, total = 0;  // days
};

Period period_of(const Call& call, const Service& service) {
  const auto term = term_of(service.cycle);
  const int today = call.clock.today();
  const int due = day_of(service.next_due_on, today);
  if (!term) return {1, 1};
  const int total = std::max(1, month_start(due, 0) - month_start(due, -kTerms[*term].months));
  return {std::clamp(due - today, 0, total), total};
}

}  // namespace

json::object upgrade_product(Call& call) {
  auto* service = call.books.find_service(call.integer("serviceid"));
  if (service == nullptr) throw ActionError("Service ID Not Found");
  const bool calculates_only = call.flag("calconly");
  const std::string type = lower(call.raw("type"));
  if (type != "product" && type != "configoptions") throw ActionError("Invalid Upgrade Type");
  if (!calculates_only) expect_gateway(call.raw("paymentmethod"));
  const auto* client = call.books.find_client(service->client);
  if (client == nullptr) throw ActionError("Client ID Not Found");
  const Product& product = wanted_product(call, *service, type == "product");
  std::string cycle = service->cycle;
  if (type == "product" && product.pay_type == "recurring") {
    const auto term = term_of(call.raw("newproductbillingcycle"));
    const auto& list = product.prices[static_cast<std::size_t>(client->currency - 1)];
    if (!term || list.price[*term] < 0) throw ActionError("Invalid Billing Cycle Requested");
    cycle = kTerms[*term].printed;
  }
  const auto options = wanted_options(call, *service, product);
  const bool in_progress = waits_for_payment(call, service->id);
  if (in_progress && !calculates_only)
    throw ActionError(
        "Unable to accept upgrade order. Previous upgrade invoice for service is still unpaid.");
  const auto* old = find_product(service->product);
  const auto charge = charge_for(product, cycle, options, client->currency);
  const Cents recurring = charge.recurring * service->quantity;
  const Period period = period_of(call, *service);
  const Cents difference = std::max<Cents>(0, recurring - service->recurring);
  const Cents price = (difference * period.left + period.total / 2) / period.total;
  const Currency& currency = call.books.currency_of(*client);
  json::object answer{{"oldproductid", std::to_string(service->product)},
                      {"oldproductname", old == nullptr ? "" : old->name},
                      {"newproductid", product.id},
                      {"newproductname", product.name},
                      {"daysuntilrenewal", period.left},
                      {"totaldays", period.total},
                      {"newproductbillingcycle", lower(call.raw("newproductbillingcycle"))},
                      {"price", formatted(price, currency.prefix, currency.suffix, currency.format)}};
  if (calculates_only) {
    answer["upgradeinprogress"] = in_progress ? 1 : 0;
    return answer;
  }

  Order draft;
  draft.client = client->id;
  draft.requestor = client->owner_user_id;
  draft.date = call.clock.local_now();
  draft.gateway = call.text("paymentmethod");
  draft.promo_code = call.text("promocode");
  draft.amount = price;
  draft.services = {service->id};
  draft.ip = call.peer_ip;
  Order& order = call.books.add_order(std::move(draft));
  Upgrade& upgrade = call.books.add_upgrade(
      {0, order.id, service->id, 0, type, product.id, cycle, options, price, recurring, false, false});
  order.upgrade = upgrade.id;
  if (price > 0) {
    Invoice invoice;
    invoice.client = client->id;
    invoice.gateway = order.gateway;
    invoice.tax_rate = tax_rate_for(*client);
    invoice.date = invoice.due_date = date_text(call.clock.today());
    invoice.created_at = invoice.updated_at = call.clock.local_now();
    invoice.items.push_back(
        {0, "Upgrade", upgrade.id,
         fmt::format("Upgrade/Downgrade: {} => {}", old == nullptr ? "" : old->name, product.name), price,
         !client->tax_exempt});
    const auto& added = call.books.add_invoice(std::move(invoice));
    order.invoice = upgrade.invoice = added.id;
    const json::object vars{
        {"source", "api"}, {"user", 1}, {"invoiceid", added.id}, {"status", added.status}};
    for (const auto* hook : {"InvoiceCreation", "InvoiceCreationPreEmail", "InvoiceCreated"})
      call.hooks.push_back({hook, vars});
  } else if (call.switches.upgrade_effect == "paid") {
    apply_upgrade(call.surroundings(), upgrade);
  }
  answer["id"] = std::to_string(upgrade.id);
  answer["orderid"] = order.id;
  answer["order_number"] = std::to_string(order.number);
  answer["invoiceid"] = order.invoice == 0 ? json::value(nullptr) : json::value(order.invoice);
  call.changed = true;
  return answer;
}

}  // namespace sandbox::whmcs
