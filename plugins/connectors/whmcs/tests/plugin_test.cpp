// The connector through its C ABI: what it sends, what it makes of answers, what it tells of the upstream's
// health.
#include <catch2/catch.hpp>
#include <portico/contracts/billing_orders.hpp>
#include <portico/testkit.hpp>

using portico::Problem;
using portico::testkit::TestHost;
using portico::testkit::Upstream;
namespace contract = portico::billing;

namespace {

const std::string kCustomer =
    R"({"result":"success","userid":418,"client":{"id":418,"userid":418,"email":"hanako@example.jp","firstname":"花子",)"
    R"("lastname":"山田","companyname":"","phonenumber":"+81.312345678","language":"japanese","currency_code":"JPY",)"
    R"("address1":"千代田1-1","address2":"","city":"千代田区","state":"東京都","postcode":"100-0001","countrycode":"JP",)"
    R"("country":"JP","status":"Active","notes":""}})";

TestHost& set_up(TestHost& host) {
  return host.config(
      {{"base_url", "https://billing.example.ch/"}, {"identifier", "id-1"}, {"secret", "se&cret"}});
}

TestHost& open(TestHost& host) {
  set_up(host).load(PORTICO_PLUGIN_FILE);
  return host;
}

portico::testkit::Expectation& expect(TestHost& host, const std::string& action) {
  return host.upstream("whmcs")
      .expect("POST", "/includes/api.php")
      .operation(action)
      .with_body_containing("action=" + action);
}

template <class F>
std::string outcome_of(F&& fn) {
  try {
    fn();
  } catch (const Problem& problem) {
    return std::to_string(problem.status) + " " + problem.code;
  }
  return "ok";
}

}  // namespace

TEST_CASE("what the connector offers, and that its settings are checked") {
  TestHost host;
  open(host);
  CHECK(host.registered().operations == std::vector<std::string>{"billing.accept_order/1",
                                                                 "billing.add_credit/1",
                                                                 "billing.cancel_invoice/1",
                                                                 "billing.cancel_order/1",
                                                                 "billing.change_subscription/1",
                                                                 "billing.create_customer/1",
                                                                 "billing.create_invoice/1",
                                                                 "billing.create_payment_link/1",
                                                                 "billing.get_credit/1",
                                                                 "billing.get_customer/1",
                                                                 "billing.get_invoice/1",
                                                                 "billing.get_order/1",
                                                                 "billing.get_subscription/1",
                                                                 "billing.list_gateways/1",
                                                                 "billing.list_invoices/1",
                                                                 "billing.list_orders/1",
                                                                 "billing.list_payment_methods/1",
                                                                 "billing.list_products/1",
                                                                 "billing.list_subscriptions/1",
                                                                 "billing.list_transactions/1",
                                                                 "billing.place_order/1",
                                                                 "billing.record_payment/1",
                                                                 "billing.remove_payment_method/1",
                                                                 "billing.request_cancellation/1",
                                                                 "billing.run_command/1",
                                                                 "billing.set_default_payment_method/1",
                                                                 "billing.update_customer/1",
                                                                 "billing.upgrade_subscription/1",
                                                                 "billing.use_credit/1",
                                                                 "billing.verify_login/1"});
  CHECK(host.registered().tasks == std::vector<std::string>{"whmcs.check"});
  CHECK(outcome_of([] {
          TestHost().config({{"identifier", "a"}, {"secret", "b"}}).load(PORTICO_PLUGIN_FILE);
        }) == "500 config.invalid");
  CHECK(outcome_of([] {
          TestHost()
              .config({{"base_url", "billing.example.ch"}, {"identifier", "a"}, {"secret", "b"}})
              .load(PORTICO_PLUGIN_FILE);
        }) == "500 config.invalid");
}

TEST_CASE("a customer is read in one call, with the credentials in the form and nothing of them in the log") {
  TestHost host;
  open(host);
  expect(host, "GetClientsDetails")
      .with_header("Content-Type", "application/x-www-form-urlencoded")
      .with_body_containing("identifier=id-1")
      .with_body_containing("secret=se%26cret")
      .with_body_containing("clientid=418")
      .reply(kCustomer);
  const auto customer = host.call(contract::get_customer, contract::CustomerRef{"418"});
  CHECK(customer.email == "hanako@example.jp");
  CHECK(customer.address.city == "千代田区");
  CHECK(host.upstream("whmcs").requests().at(0).write == false);
  CHECK(host.health().at("whmcs").state == PORTICO_HEALTH_OK);
  for (const auto& line : host.log()) CHECK(line.text().find("cret") == std::string::npos);
}

TEST_CASE("what the upstream's answers mean for the caller, and for health") {
  struct Row {
    const char* rule;
    std::function<void(portico::testkit::Expectation&)> answer;
    const char* outcome;
    int health;
    int bad_replies;
  };
  const Row rows[] = {
      {"not there", [](auto& e) { e.reply(R"({"result":"error","message":"Client Not Found"})"); },
       "404 billing.customer_not_found", PORTICO_HEALTH_OK, 0},
      {"turned away",
       [](auto& e) { e.reply(403, R"({"result":"error","message":"Invalid IP 203.0.113.9"})"); },
       "503 upstream.misconfigured", PORTICO_HEALTH_FAILED, 0},
      {"down", [](auto& e) { e.reply(502, "<html>Bad Gateway</html>", "text/html"); },
       "503 upstream.unavailable", PORTICO_HEALTH_DEGRADED, 0},
      {"nonsense", [](auto& e) { e.reply("<html>welcome</html>"); }, "502 upstream.bad_reply",
       PORTICO_HEALTH_DEGRADED, 1},
      {"a success without a customer", [](auto& e) { e.reply(R"({"result":"success"})"); },
       "502 upstream.bad_reply", PORTICO_HEALTH_DEGRADED, 1},
      {"a time-out", [](auto& e) { e.times_out(); }, "504 upstream.timeout", PORTICO_HEALTH_DEGRADED, 0},
      {"a cut", [](auto& e) { e.is_cut(); }, "503 upstream.unavailable", PORTICO_HEALTH_DEGRADED, 0},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    TestHost host;
    open(host);
    row.answer(expect(host, "GetClientsDetails"));
    CHECK(outcome_of([&] { host.call(contract::get_customer, contract::CustomerRef{"418"}); }) ==
          row.outcome);
    CHECK(host.health().at("whmcs").state == row.health);
    CHECK(host.upstream("whmcs").bad_replies() == row.bad_replies);
  }
}

TEST_CASE("our own full queue says nothing about the upstream") {
  TestHost host;
  open(host);
  expect(host, "GetClientsDetails").fails(Problem(503, "upstream.busy", "", 1));
  CHECK(outcome_of([&] { host.call(contract::get_customer, contract::CustomerRef{"418"}); }) ==
        "503 upstream.busy");
  CHECK(host.health().empty());
}

TEST_CASE("a customer is added as a write, after a look; a time-out looks again instead of adding twice") {
  TestHost host;
  open(host);
  const contract::NewCustomer hanako{
      "signup-1",   "hanako@example.jp",
      "花子",       "山田",
      std::nullopt, "+81 3-1234-5678",
      "ja",         {"千代田1-1", std::nullopt, "千代田区", "東京都", "100-0001", "JP"}};
  const std::string none = R"({"result":"success","totalresults":0,"clients":""})";
  expect(host, "GetClients").with_body_containing("search=hanako%40example.jp").reply(none);
  expect(host, "AddClient").times_out();
  expect(host, "GetClients")
      .reply(
          R"({"result":"success","totalresults":1,"clients":{"client":[{"id":418,"email":"hanako@example.jp"}]}})");
  expect(host, "GetClientsDetails")
      .reply(R"({"result":"success","client":{"id":418,"notes":"portico:signup-1"}})");
  CHECK(host.call(contract::create_customer, hanako).customer_id == "418");
  const auto asked = host.upstream("whmcs").requests();
  CHECK(asked.at(1).write);
  CHECK_FALSE(asked.at(0).write);
}

TEST_CASE("the check asks one small question a minute, ten in turn") {
  TestHost host;
  open(host);
  for (const char* action :
       {"GetClients", "GetClientsDetails", "GetInvoices", "GetInvoice", "GetClientsProducts", "GetOrders",
        "GetProducts", "GetTransactions", "GetPayMethods", "GetUsers", "GetClients"})
    expect(host, action).reply(R"({"result":"error","message":"Client Not Found"})");
  host.advance(std::chrono::minutes(11));
  CHECK(host.upstream("whmcs").requests().size() == 11);
  CHECK(host.health().at("whmcs").state == PORTICO_HEALTH_OK);
  expect(host, "GetClientsDetails").times_out();
  host.run_task("whmcs.check");  // told to health, not a failed task
  CHECK(host.health().at("whmcs").state == PORTICO_HEALTH_DEGRADED);
}

TEST_CASE("what takes minutes goes through a door of its own, and its nonsense is counted there") {
  TestHost host;
  open(host);
  const std::string pending =
      R"({"result":"success","orders":{"order":[{"id":731,"userid":418,"date":"2025-06-11 09:20:41","amount":"1.00",)"
      R"("status":"Pending"}]}})";
  expect(host, "GetClientsDetails").reply(kCustomer);  // the currency
  expect(host, "GetOrders").reply(pending);
  host.upstream("whmcs_commands")
      .expect("POST", "/includes/api.php")
      .operation("AcceptOrder")
      .with_body_containing("orderid=731")
      .reply("<html>PHP warning</html>");
  expect(host, "GetOrders").reply(pending);
  CHECK(outcome_of([&] {
          host.call(contract::accept_order, contract::OrderRef{"418", "731"});
        }) == "503 billing.outcome_unknown");
  CHECK(host.upstream("whmcs_commands").requests().at(0).write);
  CHECK(host.upstream("whmcs_commands").bad_replies() == 1);
  CHECK(host.upstream("whmcs").bad_replies() == 0);
}

TEST_CASE("a write that was not sent is no unknown outcome") {
  TestHost host;
  open(host);
  const std::string none = R"({"result":"success","totalresults":0})";
  const std::string catalogue =
      R"({"result":"success","products":{"product":[{"pid":12,"customfields":{"customfield":[)"
      R"({"id":121,"name":"Portal reference"}]}}]}})";
  contract::NewOrder order;
  order.reference = "order-1";
  order.customer_id = "418";
  order.gateway = "stripe";
  order.items = {{"12", contract::BillingCycle::monthly, 1, {}, {}}};
  expect(host, "GetClientsProducts").reply(none);
  expect(host, "GetProducts").reply(catalogue);
  host.upstream("whmcs_commands").expect("POST", "/includes/api.php").operation("AddOrder").is_refused();
  CHECK(outcome_of([&] { host.call(contract::place_order, order); }) == "503 upstream.unavailable");
  expect(host, "GetClientsProducts").reply(none);
  expect(host, "GetProducts").reply(catalogue);
  host.upstream("whmcs_commands").expect("POST", "/includes/api.php").operation("AddOrder").is_cut();
  expect(host, "GetClientsProducts").reply(none);
  CHECK(outcome_of([&] { host.call(contract::place_order, order); }) == "503 billing.outcome_unknown");
}

TEST_CASE("start, a call and the check with any host call failing: a problem each, nothing left open") {
  const auto outcomes = portico::testkit::for_each_failing_call([](TestHost& host) {
    set_up(host);
    host.upstream("whmcs").answer_all([](const auto&) {
      return portico::testkit::UpstreamReply{200, kCustomer, "application/json"};
    });
    host.load(PORTICO_PLUGIN_FILE);
    host.call(contract::get_customer, contract::CustomerRef{"418"});
    host.run_task("whmcs.check");
  });
  CHECK(outcomes.size() > 10);
  for (const auto& outcome : outcomes) {
    INFO("call " << outcome.n << " " << outcome.function << " → " << outcome.status << " " << outcome.code);
    if (outcome.function == "operations.provide" || outcome.function == "tasks.every")
      CHECK(outcome.status == 503);
    CHECK((outcome.status < 400 || !outcome.code.empty()));
  }
}
