// The whole connector but the host, as plugin.cpp joins it, against a running sandbox and on its clock.
#pragma once

#include <fstream>
#include <sstream>
#include <testing/running_sandbox.hpp>

#include "mapping/cases.hpp"
#include "mapping/orders.hpp"
#include "tests/scripted.hpp"

namespace salesforce {

inline constexpr auto kVendor = "salesforce";

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(std::string base) : base_(std::move(base)) {}
  Answer send(const Request& request) override {
    auto got = connectors::ask_as_outbound(request.method, base_ + request.path, request.headers,
                                           request.body, timeout);
    auto limits = got.header("sforce-limit-info");
    Answer answer{got.status, std::move(got.body), std::move(limits)};
    if (request.bytes_limit > 0 && answer.status / 100 == 2)
      answer.bytes = std::make_unique<HeldBytes>(std::exchange(answer.body, {}));
    return answer;
  }
  std::chrono::milliseconds timeout{60'000};

 private:
  std::string base_;
};

struct Connector {
  explicit Connector(const connectors::RunningSandbox& sandbox, Words words = {}, int refresh_percent = 85)
      : sandbox(sandbox),
        transport(sandbox.url("")),
        session(transport, watcher,
                {sandbox.url(""), "3MVG9sandboxConsumerKey00000000000000000001",
                 "integration@portal.sample.example", "", [this] { return key(); },
                 [&sandbox] { return sandbox.now(); }, [this] { return monotonic(); }}),
        quota({refresh_percent, [this] { return monotonic(); }, [] { return 0.5; }}),
        client(transport, watcher, session, quota, setting()),
        desk{client, std::move(words),
             [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }},
        customers(desk),
        orders(desk, customers),
        cases(desk, customers),
        files(desk, cases) {}

  /// Beside the sandbox's state file.
  std::string key() const {
    const auto file = std::filesystem::path(sandbox.state_file()).parent_path() / "salesforce_key.pem";
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  std::chrono::microseconds monotonic() const { return std::chrono::microseconds(1) + passed; }
  static Client::Setting setting() {
    Client::Setting out;
    out.pause = [](std::chrono::milliseconds) {};
    out.chance = [] { return 0.5; };
    out.boundary = [] { return std::string("a-boundary-that-no-test-file-holds"); };
    return out;
  }

  const connectors::RunningSandbox& sandbox;
  std::chrono::microseconds passed{0};  // by the connector's own clock
  CurlTransport transport;
  NotingWatcher watcher;
  Session session;
  Quota quota;
  Client client;
  Desk desk;
  Customers customers;
  Orders orders;
  Cases cases;
  Files files;
};

/// A customer of the sandbox's sample.
inline portico::crm::CustomerLink sample(Connector& c, const char* customer_id) {
  const auto account = c.customers.find({{}, customer_id}).account_id;
  const auto rows = c.client.query(
      soql::Select("Contact").fields({"Id"}).where(soql::equals("AccountId", soql::id(account))).limit(1), 1);
  return {account, Record(rows.at(0).as_object()).id("Id")};
}

inline std::string price_of(Connector& c, const std::string& code) {
  for (const auto& product : c.orders.products({}).items)
    if (product.code == code) return product.price_id;
  return {};
}

inline portico::crm::NewOrder order_of(Connector& c, const portico::crm::CustomerLink& who,
                                       const std::string& reference) {
  portico::crm::NewOrder order;
  order.reference = reference;
  order.account_id = who.account_id, order.contact_id = who.contact_id;
  order.ordered_on = "2026-01-31";
  order.category = portico::crm::Category::sim;
  order.items = {{price_of(c, "SIM-10GB"), 2}, {price_of(c, "SIM-ACTIVATE"), 1}};
  order.billing_address = {"見本町1-2-3", "千代田区", "東京都", "100-0001", "JP"};
  order.service_address = {"4 \"Old\" Lane", "Nagoya", "Aichi", "450-0002", "JP"};
  order.wishes.sim = portico::crm::SimChoice::esim;
  order.wishes.eid = "89049032000000000000000000000066";
  return order;
}

inline portico::crm::NewCase case_of(const portico::crm::CustomerLink& who, const std::string& reference) {
  portico::crm::NewCase out;
  out.reference = reference;
  out.account_id = who.account_id, out.contact_id = who.contact_id;
  out.subject = "It's \\ slow: 50%_off";
  out.description = "since\nyesterday";
  out.category = portico::crm::CaseCategory::internet;
  return out;
}

inline portico::crm::CustomerRecord customer_of(const std::string& user, const std::string& customer) {
  return {user,
          customer,
          "Ada",
          "O'Lovelace",
          {},
          user + "@example.com",
          "+81.312345678",
          "en",
          {"1-1 Mihon-cho", "Osaka", "Osaka", "530-0001", "JP"}};
}

}  // namespace salesforce
