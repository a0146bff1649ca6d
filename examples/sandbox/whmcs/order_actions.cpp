// AddOrder, the changes of an order's state, GetOrders and GetOrderStatuses.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/catalogue.hpp"
#include "examples/sandbox/whmcs/php_serialized.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

constexpr int kDaysToPay = 14;

std::string_view raw_at(const Call& call, std::string_view name, std::string_view key) {
  const auto* all = call.form.find(name);
  const auto* found = all == nullptr || !all->is_array ? nullptr : all->find(key);
  return found == nullptr ? std::string_view{} : std::string_view(found->text);
}

/// One product of the order: the service as it will be, and the lines of its invoice.
struct Ordered {
  Service service;
  Cents setup = 0;
  const Product* product = nullptr;
};

Ordered item_of(const Call& call, const Client& client, const Product& product, std::string_view key) {
  Ordered out;
  out.product = &product;
  Service& service = out.service;
  service.client = client.id;
  service.product = product.id;
  service.quantity = product.allows_quantity ? std::max<Id>(1, php_int(raw_at(call, "qty", key))) : 1;
  service.gateway = call.text("paymentmethod");
  service.domain = call.text_at("domain", key);
  service.registered_on = date_text(call.clock.today());
  std::map<Id, Id> wanted;
  try {
    if (const auto text = raw_at(call, "configoptions", key); !text.empty()) wanted = read_options(text);
    if (const auto text = raw_at(call, "customfields", key); !text.empty())
      for (const auto& [id, value] : read_custom_fields(text))
        service.custom_fields[id] = html_escape(well_formed(value));
  } catch (const std::runtime_error&) {
    // PHP's unserialize answers false and the order goes on without them
  }
  service.options = sound_options(product, wanted);
  auto charge = charge_for(product, raw_at(call, "billingcycle", key), service.options, client.currency);
  if (const auto price = raw_at(call, "priceoverride", key); !price.empty())
    charge.recurring = parse_cents(price), charge.setup = 0;
  service.cycle = charge.cycle;
  out.setup = charge.setup * service.quantity;
  const Cents cycle = charge.recurring * service.quantity;
  service.first_payment = out.setup + cycle;
  service.recurring = term_of(charge.cycle) ? cycle : 0;
  service.next_due_on = term_of(charge.cycle) ? date_text(call.clock.today()) : kNoDate;
  return out;
}

/// The products of pid[], each with what stands under the same key in the other lists.
std::vector<Ordered> items_of(const Call& call, const Client& client) {
  std::vector<Ordered> out;
  for (const auto* name : {"pid", "billingcycle", "qty", "domain", "domaintype", "customfields",
                           "configoptions", "priceoverride"})
    call.list(name);
  const auto add = [&](std::string_view pid, std::string_view key) {
    if (const auto* product = find_product(php_int(pid))) out.push_back(item_of(call, client, *product, key));
  };
  const auto* pids = call.form.find("pid");
  if (pids == nullptr) return out;
  if (!pids->is_array) add(pids->text, "");
  for (const auto& [key, value] : pids->entries) add(value.text, key);
  return out;
}

Invoice& bill(Call& call, const Client& client, const std::vector<Ordered>& items,
              const std::vector<Id>& services) {
  Invoice invoice;
  invoice.client = client.id;
  invoice.gateway = call.text("paymentmethod");
  invoice.tax_rate = tax_rate_for(client);
  invoice.date = date_text(call.clock.today());
  invoice.due_date = date_text(call.clock.today() + kDaysToPay);
  invoice.created_at = invoice.updated_at = call.clock.local_now();
  const bool taxed = !client.tax_exempt;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& [service, setup, product] = items[i];
    invoice.items.push_back({0, "Hosting", services[i], fmt::format("{} ({})", product->name, service.cycle),
                             service.first_payment - setup, taxed});
    if (setup != 0)
      invoice.items.push_back(
          {0, "Setup", services[i], fmt::format("{} Setup Fee", product->name), setup, taxed});
  }
  Invoice& added = call.books.add_invoice(std::move(invoice));
  if (call.switches.sequential_numbers)
    added.number = fmt::format("{}-{}", added.date.substr(0, 4), added.id);
  const json::object vars{{"source", "api"}, {"user", 1}, {"invoiceid", added.id}, {"status", added.status}};
  call.hooks.push_back({"InvoiceCreation", vars});
  if (!call.flag("noinvoiceemail")) call.hooks.push_back({"InvoiceCreationPreEmail", vars});
  call.hooks.push_back({"InvoiceCreated", vars});
  return added;
}

std::string joined(const std::vector<Id>& ids) {
  return fmt::format("{}", fmt::join(ids, ","));
}

Order& pending(Call& call) {
  auto* order = call.books.find_order(call.integer("orderid"));
  if (order == nullptr || order->status != "Pending")
    throw ActionError("Order ID not found or Status not Pending");
  return *order;
}

void set_services(Call& call, const Order& order, std::string_view from, std::string_view to) {
  for (const Id id : order.services)
    if (auto* service = call.books.find_service(id); service != nullptr && service->status == from)
      service->status = to;
}

void cancel_invoice_of(Call& call, const Order& order) {
  auto* invoice = call.books.find_invoice(order.invoice);
  if (invoice != nullptr && (invoice->status == "Unpaid" || invoice->status == "Payment Pending"))
    change_status(call.surroundings(), *invoice, "Cancelled");
}

json::object line_of(const Call& call, const Order& order, Id service_id) {
  const auto* service = call.books.find_service(service_id);
  if (service == nullptr) return {};
  const auto* product = find_product(service->product);
  const bool upgrade = order.upgrade != 0;
  return {
      {"type", upgrade ? "upgrade" : "product"},
      {"relid", service->id},
      {"producttype", product != nullptr && product->type == "server" ? "Server/VPS" : "Other"},
      {"product", product == nullptr ? "" : fmt::format("{} - {}", group_of(*product).name, product->name)},
      {"domain", service->domain},
      {"billingcycle", service->cycle},
      {"amount", cents_text(upgrade ? order.amount : service->first_payment)},
      {"status", upgrade ? order.status : service->status}};
}

json::object row_of(Call& call, const Order& order) {
  const auto* client = call.books.find_client(order.client);
  const auto* invoice = call.books.find_invoice(order.invoice);
  static const Client kNobody;
  const auto& currency = call.books.currency_of(client == nullptr ? kNobody : *client);
  json::object row{
      {"id", order.id},
      {"ordernum", order.number},
      {"userid", order.client},
      {"contactid", 0},
      {"requestor_id", order.requestor},
      {"admin_requestor_id", 0},
      {"date", order.date},
      {"nameservers", ""},
      {"transfersecret", ""},
      {"renewals", ""},
      {"renewalsByType",
       json::object{{"domains", json::array{}}, {"services", json::array{}}, {"addons", json::array{}}}},
      {"promocode", order.promo_code},
      {"promotype", ""},
      {"promovalue", ""},
      {"orderdata", "[]"},
      {"amount", cents_text(order.amount)},
      {"paymentmethod", order.gateway},
      {"paymentmethodname", order.gateway == "stripe" ? "Credit Card" : "Bank Transfer"},
      {"invoiceid", order.invoice},
      {"status", order.status},
      {"paymentstatus", invoice == nullptr ? "" : invoice->status},
      {"ipaddress", order.ip},
      {"fraudmodule", ""},
      {"fraudoutput", ""},
      {"frauddata", ""},
      {"notes", order.notes},
      {"name", client == nullptr ? "" : client->first_name + " " + client->last_name},
      {"currencyprefix", currency.prefix},
      {"currencysuffix", currency.suffix},
      {"validationdata", ""}};
  json::array lines;
  for (const Id id : order.services) lines.push_back(line_of(call, order, id));
  call.shapes.nested(row, "lineitems", "lineitem", std::move(lines));
  return row;
}

}  // namespace

json::object add_order(Call& call) {
  const auto* client = call.books.find_client(call.integer("clientid"));
  if (client == nullptr) throw ActionError("Client ID Not Found");
  if (client->status == "Closed") throw ActionError("Unable to add order when client status is Closed");
  expect_gateway(call.raw("paymentmethod"));
  if (call.has("addonid") || call.has("addonids")) throw ActionError("Addon ID invalid");  // none are played
  const auto items = items_of(call, *client);
  if (items.empty()) throw ActionError("No items added to cart so order cannot proceed");

  Order draft;
  draft.client = client->id;
  draft.requestor = client->owner_user_id;
  draft.date = call.clock.local_now();
  draft.gateway = call.text("paymentmethod");
  draft.promo_code = call.text("promocode");
  draft.ip = call.has("clientip") ? call.text("clientip") : call.peer_ip;
  for (const auto& item : items) draft.amount += item.service.first_payment;
  Order& order = call.books.add_order(std::move(draft));
  for (const auto& item : items) {
    auto service = item.service;
    service.order = order.id;
    order.services.push_back(call.books.add_service(std::move(service)).id);
  }
  json::object answer{
      {"orderid", order.id}, {"serviceids", joined(order.services)}, {"addonids", ""}, {"domainids", ""}};
  if (!call.flag("noinvoice") && order.amount > 0) {
    order.invoice = bill(call, *client, items, order.services).id;
    answer["invoiceid"] = order.invoice;
  } else if (call.switches.no_invoice_id == "zero") {
    answer["invoiceid"] = 0;
  } else if (call.switches.no_invoice_id == "null") {
    answer["invoiceid"] = nullptr;
  }
  json::array services(order.services.begin(), order.services.end());
  call.hooks.push_back({"AfterShoppingCartCheckout",
                        {{"OrderID", order.id},
                         {"OrderNumber", order.number},
                         {"ServiceIDs", std::move(services)},
                         {"AddonIDs", json::array{}},
                         {"DomainIDs", json::array{}},
                         {"RenewalIDs", json::array{}},
                         {"PaymentMethod", order.gateway},
                         {"InvoiceID", order.invoice},
                         {"TotalDue", cents_text(order.amount)}}});
  call.changed = true;
  return answer;
}

json::object accept_order(Call& call) {
  Order& order = pending(call);
  call.hooks.push_back({"AcceptOrder", {{"orderid", order.id}}});  // before the change
  call.changed = true;
  for (const Id id : order.services) {
    auto* service = call.books.find_service(id);
    if (service == nullptr || service->status != "Pending") continue;
    const auto* product = find_product(service->product);
    const bool has_module = product != nullptr && !product->module.empty();
    const bool sets_up =
        call.has("autosetup") ? call.flag("autosetup") : product != nullptr && product->auto_setup == "on";
    if (has_module && sets_up) {
      const auto failure = run_module(call.surroundings(), *service, ModuleVerb::kCreate);
      if (!failure.empty()) throw ActionError(failure);
    } else if (!has_module && call.switches.accept_without_module) {
      service->status = "Active";
    }
  }
  order.status = "Active";
  if (const auto upgrade = call.books.upgrades.find(order.upgrade);
      upgrade != call.books.upgrades.end() && call.switches.upgrade_effect == "accepted")
    apply_upgrade(call.surroundings(), upgrade->second);
  return {};
}

json::object cancel_order(Call& call) {
  Order& order = pending(call);
  call.hooks.push_back({"CancelOrder", {{"orderid", order.id}}});
  order.status = "Cancelled";
  if (order.upgrade == 0) set_services(call, order, "Pending", "Cancelled");
  cancel_invoice_of(call, order);
  if (const auto found = call.books.upgrades.find(order.upgrade); found != call.books.upgrades.end())
    found->second.cancelled = !found->second.applied;
  call.changed = true;
  return {};
}

json::object pending_order(Call& call) {
  auto* order = call.books.find_order(call.integer("orderid"));
  if (order == nullptr) throw ActionError("Order ID Not Found");
  call.hooks.push_back({"PendingOrder", {{"orderid", order->id}}});
  order->status = "Pending";
  if (order->upgrade == 0)
    for (const Id id : order->services)
      if (auto* service = call.books.find_service(id)) service->status = "Pending";
  call.changed = true;
  return {};
}

json::object fraud_order(Call& call) {
  auto* order = call.books.find_order(call.integer("orderid"));
  if (order == nullptr) throw ActionError("Order ID Not Found");
  call.hooks.push_back({"FraudOrder", {{"orderid", order->id}}});
  order->status = "Fraud";
  set_services(call, *order, "Pending", "Fraud");
  cancel_invoice_of(call, *order);
  call.changed = true;
  return {};
}

json::object delete_order(Call& call) {
  auto* order = call.books.find_order(call.integer("orderid"));
  if (order == nullptr) throw ActionError("Order ID not found");
  if (order->status != "Cancelled" && order->status != "Fraud")
    throw ActionError("The order status must be in Cancelled or Fraud to be deleted");
  call.hooks.push_back({"DeleteOrder", {{"orderid", order->id}}});
  if (order->upgrade == 0)
    for (const Id id : order->services) call.books.services.erase(id);
  call.books.invoices.erase(order->invoice);
  call.books.orders.erase(order->id);
  call.changed = true;
  return {};
}

json::object get_orders(Call& call) {
  std::vector<const Order*> found;
  for (auto entry = call.books.orders.rbegin(); entry != call.books.orders.rend(); ++entry) {
    const Order& order = entry->second;
    if (call.has("id") && order.id != call.integer("id")) continue;
    if (call.has("userid") && order.client != call.integer("userid")) continue;
    if (call.has("requestor_id") && order.requestor != call.integer("requestor_id")) continue;
    if (call.has("status") && !equal_ignoring_case(order.status, call.text("status"))) continue;
    found.push_back(&order);
  }
  json::object answer;
  const Page page = page_of(call, found.size(), answer);
  json::array list;
  for (std::size_t i = page.from; i < page.from + page.count; ++i) list.push_back(row_of(call, *found[i]));
  call.shapes.nested(answer, "orders", "order", std::move(list));
  return answer;
}

json::object get_order_statuses(Call& call) {
  json::array list;
  for (const auto* title : {"Pending", "Active", "Fraud", "Cancelled"}) {
    const auto count = std::count_if(call.books.orders.begin(), call.books.orders.end(),
                                     [&](const auto& entry) { return entry.second.status == title; });
    list.push_back(json::object{{"title", title}, {"count", count}});
  }
  json::object answer{{"totalresults", list.size()}};
  call.shapes.nested(answer, "statuses", "status", std::move(list));
  return answer;
}

}  // namespace sandbox::whmcs
