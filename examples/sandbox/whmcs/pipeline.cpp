// Modules are played: they succeed at once unless a switch gives them an error text.
#include "examples/sandbox/whmcs/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "examples/sandbox/whmcs/catalogue.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

std::string_view hook_word(ModuleVerb verb) {
  constexpr std::array<std::string_view, 7> kWords{
      "Create", "Suspend", "Unsuspend", "Terminate", "ChangePackage", "ChangePassword", "Custom"};
  return kWords[static_cast<std::size_t>(verb)];
}

json::object params_of(const Surroundings& in, const Service& service) {
  const auto* product = find_product(service.product);
  const auto* client = in.books.find_client(service.client);
  return {{"serviceid", service.id},
          {"userid", service.client},
          {"pid", service.product},
          {"serverid", 0},
          {"domain", service.domain},
          {"username", service.username},
          {"password", service.password},
          {"producttype", product == nullptr ? "other" : product->type},
          {"moduletype", product == nullptr ? "" : product->module},
          {"clientsdetails", json::object{{"email", client == nullptr ? "" : client->email}}},
          {"serverpassword", "sample-Server-Pass"}};
}

/// What the state already is says that a repeat has nothing to do.
bool is_repeat(const Service& service, ModuleVerb verb) {
  switch (verb) {
    case ModuleVerb::kCreate:
    case ModuleVerb::kUnsuspend:
      return service.status == "Active";
    case ModuleVerb::kSuspend:
      return service.status == "Suspended";
    case ModuleVerb::kTerminate:
      return service.status == "Terminated";
    case ModuleVerb::kChangePackage:
    case ModuleVerb::kChangePassword:
    case ModuleVerb::kCustom:
      return false;
  }
  return false;
}

}  // namespace

std::string run_module(const Surroundings& in, Service& service, ModuleVerb verb, const std::string& reason) {
  const auto word = hook_word(verb);
  if (verb != ModuleVerb::kCustom)
    in.hooks.push_back({fmt::format("PreModule{}", word), {{"params", params_of(in, service)}}});
  std::string failure = in.switches.module_failure;
  if (failure.empty() && in.switches.module_repeat == "refuse" && is_repeat(service, verb))
    failure = fmt::format("Service is already {}", service.status);
  if (failure.empty()) {
    switch (verb) {
      case ModuleVerb::kCreate:
        service.status = "Active";
        if (service.username.empty()) service.username = fmt::format("line{}", service.id);
        break;
      case ModuleVerb::kSuspend:
        service.status = "Suspended";
        service.suspend_reason = reason;
        break;
      case ModuleVerb::kUnsuspend:
        service.status = "Active";
        service.suspend_reason.clear();
        break;
      case ModuleVerb::kTerminate:
        service.status = "Terminated";
        service.terminated_on = date_text(in.clock.today());
        break;
      case ModuleVerb::kChangePackage:
      case ModuleVerb::kChangePassword:
      case ModuleVerb::kCustom:
        break;
    }
  }
  if (verb == ModuleVerb::kCustom) return failure;
  if (verb == ModuleVerb::kChangePassword) {
    if (failure.empty())
      in.hooks.push_back(
          {"AfterModuleChangePassword",
           {{"serviceid", service.id}, {"oldpassword", ""}, {"newpassword", service.password}}});
    return failure;
  }
  json::object vars{{"params", params_of(in, service)}};
  if (!failure.empty()) vars["failureResponseMessage"] = failure;
  in.hooks.push_back(
      {fmt::format("AfterModule{}{}", word, failure.empty() ? "" : "Failed"), std::move(vars)});
  return failure;
}

void apply_upgrade(const Surroundings& in, Upgrade& upgrade) {
  auto* service = in.books.find_service(upgrade.service);
  if (service == nullptr || upgrade.applied || upgrade.cancelled) return;
  const bool product = upgrade.type == "product";
  if (product) {
    service->product = upgrade.product;
    service->cycle = upgrade.cycle;
  }
  service->options = upgrade.options;
  service->recurring = upgrade.recurring;
  upgrade.applied = true;
  in.hooks.push_back(
      {product ? "AfterProductUpgrade" : "AfterConfigOptionsUpgrade", {{"upgradeid", upgrade.id}}});
}

void after_paid(const Surroundings& in, const Invoice& invoice) {
  in.hooks.push_back({"InvoicePaidPreEmail", {{"invoiceid", invoice.id}}});
  if (in.switches.upgrade_effect == "paid")
    for (auto& [id, upgrade] : in.books.upgrades)
      if (upgrade.invoice == invoice.id) apply_upgrade(in, upgrade);
  const Order* order = nullptr;
  for (const auto& [id, candidate] : in.books.orders)
    if (candidate.invoice == invoice.id) order = &candidate;
  for (auto& [id, service] : in.books.services) {
    const bool ordered_with_it = order != nullptr && std::find(order->services.begin(), order->services.end(),
                                                               id) != order->services.end();
    const auto* product = find_product(service.product);
    if (ordered_with_it) {
      if (service.status == "Pending" && product != nullptr && product->auto_setup == "payment" &&
          !product->module.empty())
        run_module(in, service, ModuleVerb::kCreate);
      continue;
    }
    const bool renews = std::any_of(invoice.items.begin(), invoice.items.end(), [&](const Item& item) {
      return item.type == "Hosting" && item.related == service.id;
    });
    if (renews && service.next_due_on != kNoDate)
      service.next_due_on = next_due(day_of(service.next_due_on, in.clock.today()), service.cycle);
  }
  in.hooks.push_back({"InvoicePaid", {{"invoiceid", invoice.id}}});
  if (order != nullptr)
    in.hooks.push_back(
        {"OrderPaid", {{"orderId", order->id}, {"userId", order->client}, {"invoiceId", invoice.id}}});
}

HookCall hook_of(const Transaction& transaction) {
  return {"AddTransaction",
          {{"id", transaction.id},
           {"userid", transaction.client},
           {"currency", 0},
           {"gateway", transaction.gateway},
           {"date", transaction.date},
           {"description", transaction.description},
           {"amountin", cents_text(transaction.amount_in)},
           {"fees", cents_text(transaction.fees)},
           {"amountout", cents_text(transaction.amount_out)},
           {"rate", "1.00000"},
           {"transid", transaction.reference},
           {"invocieid", transaction.invoice},  // WHMCS's spelling
           {"refundid", transaction.refund_of}}};
}

void change_status(const Surroundings& in, Invoice& invoice, const std::string& status) {
  in.books.set_status(invoice, status, in.clock.local_now());
  for (const auto* word : {"Cancelled", "Refunded", "Unpaid"})
    if (status == word) in.hooks.push_back({fmt::format("Invoice{}", word), {{"invoiceid", invoice.id}}});
  if (status == "Cancelled")
    for (auto& [id, upgrade] : in.books.upgrades)
      if (upgrade.invoice == invoice.id && !upgrade.applied) upgrade.cancelled = true;
}

}  // namespace sandbox::whmcs
