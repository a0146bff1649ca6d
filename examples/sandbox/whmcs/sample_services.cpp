// Sample services with ids one can remember.
#include "examples/sandbox/whmcs/sample_services.hpp"

#include <fmt/format.h>

#include "examples/sandbox/whmcs/catalogue.hpp"

namespace sandbox::whmcs {

namespace {

constexpr Id kFiber = 12, kSim = 24, kRouter = 4, kRental = 13;
constexpr Id kFirstFiber = 3000, kFirstSim = 3500;
constexpr int kDaysAgo = 95;

Service sample(const Client& client, Id product_id, std::map<Id, Id> options, const Clock& clock) {
  const Product& product = *find_product(product_id);
  Service service;
  service.client = client.id;
  service.product = product_id;
  service.options = sound_options(product, options);
  const auto charge = charge_for(product, "monthly", service.options, client.currency);
  service.first_payment = charge.setup + charge.recurring;
  service.recurring = charge.recurring;
  service.registered_on = date_text(clock.today() - kDaysAgo);
  service.next_due_on = date_text(month_start(clock.today(), 1));
  service.gateway = client.default_gateway;
  service.status = "Active";
  return service;
}

}  // namespace

void add_sample_services(Books& books, const Client& client, const Clock& clock) {
  auto fiber = sample(client, kFiber, {{kRouter, kRental}}, clock);
  auto sim = sample(client, kSim, {}, clock);
  fiber.custom_fields[kFiber * 10] = fmt::format("LINE-{}", client.id);
  sim.username = fmt::format("0703000{:04}", client.id % 10'000);
  sim.password = fmt::format("sample-{}", client.id);
  if (client.id < kFirstSim - kFirstFiber) {  // above that the ids of the two would meet
    fiber.id = kFirstFiber + client.id;
    sim.id = kFirstSim + client.id;
  }
  Order order;
  order.client = client.id;
  order.requestor = client.owner_user_id;
  order.date = fiber.registered_on + " 09:20:41";
  order.gateway = client.default_gateway;
  order.status = "Active";
  order.ip = "198.51.100.7";
  order.amount = fiber.first_payment + sim.first_payment;
  Order& added = books.add_order(std::move(order));
  fiber.order = sim.order = added.id;
  const Id fiber_id = books.add_service(std::move(fiber)).id;
  const Id sim_id = books.add_service(std::move(sim)).id;
  added.services = {fiber_id, sim_id};
  for (auto& [id, invoice] : books.invoices)
    for (auto& item : invoice.items)
      if (invoice.client == client.id && item.type == "Hosting" && item.related == 0)
        item.related = item.description.starts_with("Mobile") ? sim_id : fiber_id;
}

void add_card(Books& books, const Client& client, const std::string& description,
              const std::string& last_four, const std::string& brand, const Clock& clock) {
  PayMethod method;
  method.client = client.id;
  method.type = "RemoteCreditCard";
  method.description = description;
  method.gateway = "stripe";
  method.last_four = last_four;
  method.card_type = brand;
  method.expiry = "02/30";
  method.token = fmt::format("{{\"customer\":\"cus_{}\",\"method\":\"pm_{}\"}}", client.id, last_four);
  const auto day = date_text(clock.today());
  method.updated_at = fmt::format("{}/{}/{} 09:19", day.substr(8), day.substr(5, 2), day.substr(0, 4));
  books.add_pay_method(std::move(method));
}

}  // namespace sandbox::whmcs
