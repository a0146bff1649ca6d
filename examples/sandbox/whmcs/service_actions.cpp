// GetClientsProducts, UpdateClientProduct, AddCancelRequest and the Module* commands.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/catalogue.hpp"
#include "examples/sandbox/whmcs/php_serialized.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

Service& service_of(Call& call) {
  auto* service = call.books.find_service(call.integer("serviceid"));
  if (service == nullptr) throw ActionError("Service ID Not Found");
  return *service;
}

std::string value_of(const Option& option, Id value) {
  if (option.kind == OptionKind::kYesNo) return value != 0 ? "Yes" : "No";
  if (option.kind == OptionKind::kQuantity) return std::to_string(value);
  for (const auto& choice : option.choices)
    if (choice.id == value) return choice.name;
  return {};
}

/// Every number is a text here, ids included.
json::object row_of(Call& call, const Service& service) {
  const auto* product = find_product(service.product);
  const auto* order = call.books.find_order(service.order);
  const std::string name = product == nullptr ? "" : product->name;
  const std::string group = product == nullptr ? "" : group_of(*product).name;
  json::object row{{"id", std::to_string(service.id)},
                   {"qty", std::to_string(service.quantity)},
                   {"clientid", std::to_string(service.client)},
                   {"orderid", std::to_string(service.order)},
                   {"ordernumber", order == nullptr ? "" : std::to_string(order->number)},
                   {"pid", std::to_string(service.product)},
                   {"regdate", service.registered_on},
                   {"name", name},
                   {"translated_name", name},
                   {"groupname", group},
                   {"translated_groupname", group},
                   {"domain", service.domain},
                   {"dedicatedip", ""},
                   {"serverid", "0"},
                   {"servername", ""},
                   {"serverip", nullptr},
                   {"serverhostname", nullptr},
                   {"suspensionreason", service.suspend_reason},
                   {"firstpaymentamount", cents_text(service.first_payment)},
                   {"recurringamount", cents_text(service.recurring)},
                   {"paymentmethod", service.gateway},
                   {"paymentmethodname", service.gateway == "stripe" ? "Credit Card" : "Bank Transfer"},
                   {"billingcycle", service.cycle},
                   {"nextduedate", service.next_due_on},
                   {"status", service.status},
                   {"username", service.username},
                   {"password", service.password},
                   {"subscriptionid", service.subscription},
                   {"promoid", "0"},
                   {"overideautosuspend", service.override_suspend},
                   {"overidesuspenduntil", service.override_suspend_until},
                   {"ns1", ""},
                   {"ns2", ""},
                   {"assignedips", ""},
                   {"notes", service.notes},
                   {"diskusage", "0"},
                   {"disklimit", "0"},
                   {"bwusage", "0"},
                   {"bwlimit", "0"},
                   {"lastupdate", kNoTime}};
  json::array fields, options;
  if (product != nullptr) {
    for (const auto& field : product->fields) {
      const auto found = service.custom_fields.find(field.id);
      fields.push_back(json::object{{"id", std::to_string(field.id)},
                                    {"name", field.name},
                                    {"translated_name", field.name},
                                    {"value", found == service.custom_fields.end() ? "" : found->second}});
    }
    constexpr std::array<const char*, 5> kKinds{"", "dropdown", "radio", "yesno", "quantity"};
    for (const auto& option : product->options) {
      const auto found = service.options.find(option.id);
      options.push_back(
          json::object{{"id", std::to_string(option.id)},
                       {"option", option.name},
                       {"type", kKinds[static_cast<std::size_t>(option.kind)]},
                       {"value", value_of(option, found == service.options.end() ? 0 : found->second)}});
    }
  }
  const auto put = [&](const char* outer, const char* inner, json::array list) {
    if (list.empty() && call.switches.shapes == "documented") {
      row[outer] = json::array{};
    } else {
      call.shapes.nested(row, outer, inner, std::move(list));
    }
  };
  put("customfields", "customfield", std::move(fields));
  put("configoptions", "configoption", std::move(options));
  return row;
}

void take_texts(const Call& call, Service& service) {
  const std::array<std::pair<std::string_view, std::string*>, 8> kTexts{
      {{"domain", &service.domain},
       {"paymentmethod", &service.gateway},
       {"subscriptionid", &service.subscription},
       {"notes", &service.notes},
       {"serviceusername", &service.username},
       {"servicepassword", &service.password},
       {"suspendreason", &service.suspend_reason},
       {"overideautosuspend", &service.override_suspend}}};
  for (const auto& [name, target] : kTexts)
    if (call.has(name)) *target = call.text(name);
  const std::array<std::pair<std::string_view, std::string*>, 4> kDates{
      {{"regdate", &service.registered_on},
       {"nextduedate", &service.next_due_on},
       {"terminationdate", &service.terminated_on},
       {"overidesuspenduntil", &service.override_suspend_until}}};
  for (const auto& [name, target] : kDates)
    if (const int day = day_of(call.raw(name), -1); call.has(name) && day >= 0) *target = date_text(day);
}

void take_choices(const Call& call, Service& service) {
  try {
    if (call.has("customfields"))
      for (const auto& [id, value] : read_custom_fields(call.raw("customfields")))
        service.custom_fields[id] = html_escape(well_formed(value));
    if (const auto* product = find_product(service.product);
        product != nullptr && call.has("configoptions")) {
      auto wanted = service.options;
      for (const auto& [id, value] : read_options(call.raw("configoptions"))) wanted[id] = value;
      service.options = sound_options(*product, wanted);
    }
  } catch (const std::runtime_error&) {
    // PHP's unserialize answers false and WHMCS goes on without them
  }
}

json::object run(Call& call, ModuleVerb verb) {
  const auto name = call.has("serviceid") ? "serviceid" : "accountid";
  if (call.raw(name).empty()) throw ActionError("Service ID is required");
  auto* service = call.books.find_service(call.integer(name));
  if (service == nullptr) throw ActionError("Service ID not found");
  const auto* product = find_product(service->product);
  if (product == nullptr || product->module.empty()) throw ActionError("Service not assigned to a module");
  if (verb == ModuleVerb::kCustom && call.raw("func_name").empty())
    throw ActionError("Function Name is required");
  if (verb == ModuleVerb::kChangePassword && call.has("servicepassword"))
    service->password = call.text("servicepassword");
  call.changed = true;
  const auto failure = run_module(call.surroundings(), *service, verb, call.text("suspendreason"));
  if (!failure.empty()) throw ActionError(failure);
  return {};
}

}  // namespace

json::object get_clients_products(Call& call) {
  std::vector<const Service*> found;
  for (const auto& [id, service] : call.books.services) {
    if (call.has("clientid") && service.client != call.integer("clientid")) continue;
    if (call.has("serviceid") && id != call.integer("serviceid")) continue;
    if (call.has("pid") && service.product != call.integer("pid")) continue;
    if (call.has("domain") && service.domain != call.text("domain")) continue;
    if (call.has("username2") && service.username != call.text("username2")) continue;
    found.push_back(&service);
  }
  json::object answer;
  for (const auto* name : {"clientid", "serviceid", "pid", "domain"})
    answer[name] = call.has(name) ? json::value(call.text(name)) : json::value(nullptr);
  const Page page = page_of(call, found.size(), answer);
  json::array list;
  for (std::size_t i = page.from; i < page.from + page.count; ++i) list.push_back(row_of(call, *found[i]));
  call.shapes.nested(answer, "products", "product", std::move(list));
  return answer;
}

json::object update_client_product(Call& call) {
  Service& service = service_of(call);
  if (const auto* product = find_product(call.integer("pid"))) service.product = product->id;
  take_texts(call, service);
  take_choices(call, service);
  for (const auto* known :
       {"Pending", "Active", "Suspended", "Terminated", "Cancelled", "Fraud", "Completed"})
    if (equal_ignoring_case(call.raw("status"), known)) service.status = known;
  if (const auto term = term_of(call.raw("billingcycle"))) service.cycle = kTerms[*term].printed;
  if (call.has("firstpaymentamount")) service.first_payment = parse_cents(call.raw("firstpaymentamount"));
  if (call.has("recurringamount")) service.recurring = parse_cents(call.raw("recurringamount"));
  const auto* product = find_product(service.product);
  if (const auto* client = call.books.find_client(service.client);
      call.flag("autorecalc") && product != nullptr && client != nullptr)
    service.recurring =
        charge_for(*product, service.cycle, service.options, client->currency).recurring * service.quantity;
  if (call.switches.service_edit_hook)
    call.hooks.push_back({"ServiceEdit", {{"userid", service.client}, {"serviceid", service.id}}});
  call.changed = true;
  return {{"serviceid", std::to_string(service.id)}};
}

json::object add_cancel_request(Call& call) {
  const Service& service = service_of(call);
  auto& requests = call.books.cancel_requests;
  if (std::any_of(requests.begin(), requests.end(), [&](const auto& r) { return r.service == service.id; }))
    throw ActionError("Existing Cancellation Request Exists");
  const bool at_once = equal_ignoring_case(call.raw("type"), "Immediate");
  requests.push_back({service.id, at_once ? "Immediate" : "End of Billing Period", call.text("reason"),
                      call.clock.local_now()});
  call.hooks.push_back({"CancellationRequest",
                        {{"userid", service.client},
                         {"relid", service.id},
                         {"reason", requests.back().reason},
                         {"type", requests.back().type}}});
  call.changed = true;
  return {{"serviceid", std::to_string(service.id)}, {"userid", std::to_string(service.client)}};
}

json::object module_create(Call& call) {
  return run(call, ModuleVerb::kCreate);
}
json::object module_suspend(Call& call) {
  return run(call, ModuleVerb::kSuspend);
}
json::object module_unsuspend(Call& call) {
  return run(call, ModuleVerb::kUnsuspend);
}
json::object module_terminate(Call& call) {
  return run(call, ModuleVerb::kTerminate);
}
json::object module_change_package(Call& call) {
  return run(call, ModuleVerb::kChangePackage);
}
json::object module_change_pw(Call& call) {
  return run(call, ModuleVerb::kChangePassword);
}
json::object module_custom(Call& call) {
  return run(call, ModuleVerb::kCustom);
}

}  // namespace sandbox::whmcs
