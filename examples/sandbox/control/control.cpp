// Control routes.
#include "examples/sandbox/control/control.hpp"

#include <fmt/format.h>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/control.hpp"
#include "examples/sandbox/sandbox.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"
#include "examples/sandbox/whmcs/seed.hpp"

namespace sandbox {

namespace json = boost::json;

namespace {

json::object summary(Sandbox& box) {
  json::object whmcs = box.whmcs().with_books([](whmcs::Books& books) {
    json::array samples;
    for (const auto& [id, client] : books.clients) {
      const auto* owner = books.find_user(client.owner_user_id);
      samples.push_back(json::object{{"client_id", id},
                                     {"user_id", client.owner_user_id},
                                     {"email", owner == nullptr ? client.email : owner->email},
                                     {"status", client.status}});
    }
    return json::object{{"clients", books.clients.size()},   {"users", books.users.size()},
                        {"invoices", books.invoices.size()}, {"transactions", books.transactions.size()},
                        {"orders", books.orders.size()},     {"services", books.services.size()},
                        {"accounts", std::move(samples)}};
  });
  whmcs["system_url"] = box.whmcs().system_url();
  whmcs["sample_password"] = whmcs::kSamplePassword;
  whmcs["calls"] = box.whmcs().calls().counters();
  return {{"now", utc_text(box.clock().now())},
          {"clock_offset_ms", box.clock().offset_ms()},
          {"http", box.http_port()},
          {"smtp", box.smtp_port()},
          {"whmcs", std::move(whmcs)},
          {"salesforce", salesforce::summary(box.salesforce())},
          {"pubsub", box.pubsub().summary()},
          {"freebit", box.freebit().summary()},
          {"mail", box.mailbox().counters()},
          {"faults", box.faults().list()},
          {"holding", box.faults().holding()}};
}

json::object faults(Sandbox& box) {
  return {{"faults", box.faults().list()}, {"holding", box.faults().holding()}};
}

std::vector<Fault> faults_of(const std::string& body) {
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  if (error) throw BadRequest("the body is not JSON: " + error.message());
  const json::array* list = value.if_array();
  const auto* object = value.if_object();
  if (object != nullptr && object->contains("faults")) list = object->at("faults").if_array();
  std::vector<Fault> out;
  if (list != nullptr) {
    for (const auto& one : *list) {
      if (!one.is_object()) throw BadRequest("each fault is an object");
      out.push_back(FaultBook::read(one.get_object()));
    }
  } else if (object != nullptr) {
    out.push_back(FaultBook::read(*object));
  } else {
    throw BadRequest("a fault, a list of faults or {\"faults\": […]} is expected");
  }
  return out;
}

HttpAnswer set_clock(Sandbox& box, const HttpRequest& request) {
  const auto body = object_of(request.body);
  expect_only(body, {"offset_s", "offset_ms", "advance_s", "advance_ms"});
  std::int64_t offset_ms = box.clock().offset_ms(), number = 0;
  constexpr std::int64_t kMs = 1000;
  if (body.contains("offset_s")) take(body, "offset_s", number), offset_ms = number * kMs;
  if (body.contains("offset_ms")) take(body, "offset_ms", offset_ms);
  if (body.contains("advance_s")) take(body, "advance_s", number), offset_ms += number * kMs;
  if (body.contains("advance_ms")) take(body, "advance_ms", number), offset_ms += number;
  constexpr std::int64_t kTenYearsMs = std::int64_t{3650} * 24 * 3600 * kMs;
  if (offset_ms > kTenYearsMs || offset_ms < -kTenYearsMs)
    throw BadRequest("the clock moves ten years at most");
  box.set_clock_offset(offset_ms);
  return json_answer(json::object{{"now", utc_text(box.clock().now())}, {"offset_ms", offset_ms}});
}

std::vector<whmcs::Item> items_of(const json::object& body) {
  std::vector<whmcs::Item> items;
  const auto* list = body.if_contains("items");
  if (list == nullptr) {
    items.push_back({0, "Item", 0, "Ordered by the control API", 100'000, true});
    return items;
  }
  if (!list->is_array()) throw BadRequest("items: a list expected");
  for (const auto& value : list->get_array()) {
    if (!value.is_object()) throw BadRequest("items: each is {description, amount, taxed}");
    expect_only(value.get_object(), {"description", "amount", "taxed", "type"});
    std::string description = "Item", amount = "0.00", type = "Item";
    bool taxed = true;
    take(value.get_object(), "description", description);
    take(value.get_object(), "amount", amount);
    take(value.get_object(), "type", type);
    take(value.get_object(), "taxed", taxed);
    items.push_back({0, type, 0, html_escape(description), whmcs::parse_cents(amount), taxed});
  }
  return items;
}

HttpAnswer make_invoice(Sandbox& box, const HttpRequest& request) {
  const auto body = object_of(request.body);
  expect_only(
      body, {"client_id", "status", "issued_days_ago", "due_in_days", "items", "paid", "credit", "tax_rate"});
  std::int64_t client_id = 0;
  std::string status = "Unpaid", paid = "0.00", credit = "0.00", tax_rate;
  whmcs::InvoiceOrder order;
  take(body, "client_id", client_id);
  take(body, "status", status);
  take(body, "issued_days_ago", order.issued_days_ago);
  take(body, "due_in_days", order.due_in_days);
  take(body, "paid", paid);
  take(body, "credit", credit);
  take(body, "tax_rate", tax_rate);
  if (lower(status) == "overdue") {
    status = "Unpaid";
    if (!body.contains("due_in_days")) order.due_in_days = -3;
    if (!body.contains("issued_days_ago")) order.issued_days_ago = 17;
  }
  const auto canonical = whmcs::canonical_status(status);
  if (!canonical)
    throw BadRequest("status: Overdue or one of " +
                     fmt::format("{}", fmt::join(whmcs::invoice_statuses(), ", ")));
  order.status = *canonical;
  order.items = items_of(body);
  order.paid = whmcs::parse_cents(paid);
  order.credit = whmcs::parse_cents(credit);
  order.exact_amounts = true;
  if (!tax_rate.empty()) order.tax_rate = whmcs::parse_rate(tax_rate);
  const auto made = box.whmcs().change_books([&](whmcs::Books& books) -> json::object {
    const auto* client = books.find_client(client_id);
    if (client == nullptr) throw BadRequest("client_id: no such client");
    const auto& invoice = whmcs::add_invoice(books, *client, order, box.clock());
    return {{"invoice_id", invoice.id},
            {"status", invoice.status},
            {"total", whmcs::cents_text(invoice.total())}};
  });
  return json_answer(made, 201);
}

json::object shown(const whmcs::Client& client) {
  return {{"client_id", client.id},
          {"email", client.email},
          {"status", client.status},
          {"allow_single_sign_on", client.allow_single_sign_on},
          {"credit", whmcs::cents_text(client.credit)},
          {"currency", client.currency},
          {"tax_exempt", client.tax_exempt}};
}

HttpAnswer change_client(Sandbox& box, const HttpRequest& request) {
  const auto body = object_of(request.body);
  expect_only(body, {"status", "allow_single_sign_on", "credit", "currency", "tax_exempt"});
  const auto changed = box.whmcs().change_books([&](whmcs::Books& books) -> json::object {
    auto* found = books.find_client(php_int(request.path_values.at("id")));
    if (found == nullptr) throw BadRequest("no such client");
    whmcs::Client client = *found;
    std::string credit = whmcs::cents_text(client.credit);
    take(body, "status", client.status);
    take(body, "allow_single_sign_on", client.allow_single_sign_on);
    take(body, "currency", client.currency);
    take(body, "tax_exempt", client.tax_exempt);
    take(body, "credit", credit);
    const auto change = whmcs::parse_cents(credit) - client.credit;
    if (change != 0)
      books.change_credit(client, change, "Set by the control API", 0, box.clock().local_now());
    if (client.status != "Active" && client.status != "Inactive" && client.status != "Closed")
      throw BadRequest("status: Active, Inactive or Closed expected");
    if (!books.currencies.contains(client.currency))
      throw BadRequest("currency: 1 JPY, 2 CHF or 3 USD expected");
    *found = std::move(client);
    return shown(*found);
  });
  return json_answer(changed);
}

}  // namespace

void mount_control(Sandbox& box, Router& router) {
  router.add("GET", "/", [&box](const HttpRequest&) {
    return HttpAnswer{200, "text/html; charset=utf-8", overview_page(box), {{"Cache-Control", "no-store"}}};
  });
  router.add("GET", "/control", [&box](const HttpRequest&) { return json_answer(summary(box)); });
  router.add("POST", "/control/reset", [&box](const HttpRequest&) {
    box.reset();
    return json_answer(summary(box));
  });
  router.add("GET", "/control/clock", [&box](const HttpRequest&) {
    return json_answer(
        json::object{{"now", utc_text(box.clock().now())}, {"offset_ms", box.clock().offset_ms()}});
  });
  router.add("PUT", "/control/clock", [&box](const HttpRequest& request) { return set_clock(box, request); });

  router.add("GET", "/control/faults", [&box](const HttpRequest&) { return json_answer(faults(box)); });
  router.add("PUT", "/control/faults", [&box](const HttpRequest& request) {
    box.faults().replace(faults_of(request.body));
    return json_answer(faults(box));
  });
  router.add("POST", "/control/faults", [&box](const HttpRequest& request) {
    for (auto& fault : faults_of(request.body)) box.faults().add(std::move(fault));
    return json_answer(faults(box), 201);
  });
  router.add("DELETE", "/control/faults", [&box](const HttpRequest&) {
    box.faults().clear();
    return json_answer(faults(box));
  });
  router.add("POST", "/control/faults/release", [&box](const HttpRequest&) {
    box.faults().release();
    return json_answer(faults(box));
  });

  router.add("GET", "/control/whmcs/switches",
             [&box](const HttpRequest&) { return json_answer(box.whmcs().switches().to_json()); });
  router.add("PUT", "/control/whmcs/switches", [&box](const HttpRequest& request) {
    box.whmcs().change_switches(object_of(request.body));
    return json_answer(box.whmcs().switches().to_json());
  });
  router.add("GET", "/control/whmcs/calls", [&box](const HttpRequest& request) {
    auto calls =
        box.whmcs().calls().list(request.query_value("action"), php_int(request.query_value("since")));
    const auto count = calls.size();
    return json_answer(json::object{
        {"count", count}, {"counters", box.whmcs().calls().counters()}, {"calls", std::move(calls)}});
  });
  router.add("DELETE", "/control/whmcs/calls", [&box](const HttpRequest&) {
    box.whmcs().calls().clear();
    return json_answer(box.whmcs().calls().counters());
  });
  router.add("GET", "/control/whmcs/hooks", [&box](const HttpRequest&) {
    auto ran = box.whmcs().hook_file().list();
    const auto count = ran.size();
    return json_answer(
        json::object{{"count", count}, {"hooks", std::move(ran)}, {"forwarded", whmcs::forwarded_ids()}});
  });
  router.add("DELETE", "/control/whmcs/hooks", [&box](const HttpRequest&) {
    box.whmcs().hook_file().clear();
    return json_answer(json::object{{"count", 0}});
  });
  router.add("POST", "/control/whmcs/invoices",
             [&box](const HttpRequest& request) { return make_invoice(box, request); });
  router.add("GET", "/control/whmcs/clients/{id}", [&box](const HttpRequest& request) {
    return box.whmcs().with_books([&](whmcs::Books& books) {
      const auto* client = books.find_client(php_int(request.path_values.at("id")));
      return client == nullptr ? error_answer(404, "no such client") : json_answer(shown(*client));
    });
  });
  router.add("PUT", "/control/whmcs/clients/{id}",
             [&box](const HttpRequest& request) { return change_client(box, request); });
}

}  // namespace sandbox
