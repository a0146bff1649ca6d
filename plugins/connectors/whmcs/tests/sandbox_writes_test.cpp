// Every write against the played WHMCS, killed between act and answer in every way: it takes effect once.
#include <set>

#include "tests/connector.hpp"

using namespace whmcs;
using namespace std::chrono_literals;
namespace contract = portico::billing;
namespace json = boost::json;

namespace {

contract::NewOrder order_of(const std::string& reference, const char* product = "12") {
  contract::NewOrder order;
  order.reference = reference;
  order.customer_id = "102";
  order.gateway = "stripe";
  order.items = {{product, contract::BillingCycle::monthly, 1, {}, {}}};
  return order;
}

contract::NewInvoice invoice_of(const std::string& reference) {
  contract::NewInvoice invoice;
  invoice.reference = reference;
  invoice.customer_id = "102";
  invoice.lines = {{"O'Neill's <visit> & more", {8800, "JPY"}, true}, {"Postage", {520, "JPY"}, false}};
  return invoice;
}

/// How many of a list an API action answers with, past the connector.
std::int64_t count_of(Connector& connector, const char* action, Form form) {
  return connector.client.ask(action, form, Kind::read,
                              [](const Fields& reply) { return reply.integer("totalresults"); });
}

/// A write: what to do with a text that is different each time, and how many effects there are.
struct Write {
  const char* action;
  std::function<void(Connector&, const std::string&)> run;
  std::function<std::int64_t(Connector&)> effects;
};

/// Makes something to act upon; called before the faults are ordered.
struct Prepared {
  std::string order, subscription, invoice, waiting_invoice, payment_method;
};

}  // namespace

TEST_CASE("whatever happens to a write, repeating it has one effect") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  Prepared at;
  const auto orders = [](Connector& x) { return count_of(x, "GetOrders", Form().set("userid", 102)); };
  const auto log = [&](const char* action) {
    return [&sandbox, action](Connector&) {
      std::int64_t applied = 0;
      const auto calls =
          sandbox.control("GET", fmt::format("/whmcs/calls?action={}", action), "").at("calls").as_array();
      for (const auto& call : calls) applied += call.at("applied").as_bool() ? 1 : 0;
      return applied;
    };
  };
  const std::vector<Write> writes = {
      {"AddOrder", [](Connector& x, const std::string& key) { x.orders.place(order_of(key)); }, orders},
      {"AcceptOrder",
       [&](Connector& x, const std::string&) {
         x.orders.accept({"102", at.order});
       },
       log("AcceptOrder")},
      {"CancelOrder",
       [&](Connector& x, const std::string&) {
         x.orders.cancel({"102", at.order});
       },
       log("CancelOrder")},
      {"ModuleSuspend",
       [&](Connector& x, const std::string&) {
         x.subscriptions.run({"102", at.subscription, contract::Command::suspend, "lost"});
       },
       log("ModuleSuspend")},
      {"UpdateClientProduct",
       [&](Connector& x, const std::string& key) {
         contract::SubscriptionChange change;
         change.customer_id = "102";
         change.subscription_id = at.subscription;
         change.fields = {{"222", key}};
         if (x.subscriptions.change(change).fields.at(1).value != key) throw std::logic_error("not written");
       },
       log("UpdateClientProduct")},
      {"UpgradeProduct",
       [&](Connector& x, const std::string&) {
         x.subscriptions.upgrade({"102", at.subscription, "24", contract::BillingCycle::monthly, "stripe"});
       },
       orders},
      {"AddInvoicePayment",
       [&](Connector& x, const std::string& key) {
         x.payments.record({key, "102", at.invoice, "stripe", {100, "JPY"}, "2026-06-12T22:30:00Z"});
       },
       [](Connector& x) { return count_of(x, "GetTransactions", Form().set("clientid", 102)); }},
      {"AddCredit",
       [](Connector& x, const std::string& key) {
         x.payments.add_credit({key, "102", {500, "JPY"}, "Sorry"});
       },
       [](Connector& x) { return count_of(x, "GetCredits", Form().set("clientid", 102)); }},
      {"ApplyCredit",
       [&](Connector& x, const std::string&) {
         x.payments.use_credit({"102", at.invoice, {300, "JPY"}});
       },
       log("ApplyCredit")},
      {"CreateInvoice",
       [](Connector& x, const std::string& key) { x.invoice_writes.create(invoice_of(key)); },
       [](Connector& x) { return count_of(x, "GetInvoices", Form().set("userid", 102)); }},
      {"UpdateInvoice",
       [&](Connector& x, const std::string&) {
         x.invoice_writes.cancel({"102", at.invoice});
       },
       log("UpdateInvoice")},
      {"AddCancelRequest",
       [&](Connector& x, const std::string&) {
         x.subscriptions.request_cancellation({"102", at.subscription, false, "moving"});
       },
       log("AddCancelRequest")},
      {"DeletePayMethod",
       [&](Connector& x, const std::string&) {
         x.payments.remove_method({"102", at.payment_method});
       },
       log("DeletePayMethod")},
  };
  int round = 0;
  const auto prepare = [&] {
    const auto key = fmt::format("prepared-{}", ++round);
    const auto placed = c.orders.place(order_of(key, "22"));
    at.order = placed.id;
    at.subscription = placed.lines.at(0).subscription_id.value();
    at.invoice = c.invoice_writes.create(invoice_of(key)).id;
    c.payments.add_credit({key, "102", {1000, "JPY"}, "For later"});
    at.payment_method = std::to_string(c.client.ask(
        "AddPayMethod",
        Form().set("clientid", 102).set("card_number", "4242424242424242").set("card_expiry", "0931"),
        Kind::write, [](const Fields& reply) { return reply.integer("paymethodid"); }));
  };
  for (const auto& write : writes) {
    for (const char* kind : {"applied_then_timeout", "cut_body", "truncated_json", "wrong_shape",
                             "http_500_html", "reset", "down", "warning_only", "none"}) {
      INFO(write.action << " " << kind);
      prepare();
      if (std::string(write.action) == "ModuleSuspend") c.orders.accept({"102", at.order});
      const auto before = write.effects(c);
      const auto key = fmt::format("{}-{}", write.action, kind);
      // UpgradeProduct is asked for the price first.
      const bool asks_first = std::string(write.action) == "UpgradeProduct";
      order_fault(sandbox, write.action, kind, asks_first ? 1 : 0);
      if (std::string(kind) == "applied_then_timeout") c.transport.timeout = 1s;
      const auto first = code_of([&] { write.run(c, key); });
      c.transport.timeout = 20s;
      sandbox.control("DELETE", "/faults");
      CHECK((first.empty() || first == "503 billing.outcome_unknown" || first == "502 upstream.refused" ||
             first == "422 billing.provisioning_failed"));
      CHECK(code_of([&] { write.run(c, key); }).empty());
      CHECK(code_of([&] { write.run(c, key); }).empty());
      CHECK(write.effects(c) == before + 1);
    }
  }
}

TEST_CASE("what is for sale reads the same in every shape") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto everything = [&] {
    std::string out;
    for (const char* currency : {"JPY", "CHF", "EUR"}) {
      auto list = c.orders.products({currency, {}, {}});
      list.as_of.clear();
      out += portico::encode_text(list) + "\n";
    }
    auto orders = c.orders.list({"101", 1, 20});
    orders.as_of.clear();
    for (auto& order : orders.items) order.as_of.clear();
    auto subscriptions = c.subscriptions.list({"101", 1, 20});
    subscriptions.as_of.clear();
    auto transactions = c.payments.transactions({"101", {}});
    transactions.as_of.clear();
    return out + portico::encode_text(orders) + "\n" + portico::encode_text(subscriptions) + "\n" +
           portico::encode_text(transactions) + "\n" + portico::encode_text(c.payments.gateways()) + "\n" +
           portico::encode_text(c.payments.methods({"101"})) + "\n" +
           portico::encode_text(c.payments.methods({"102"})) + "\n" +
           portico::encode_text(c.payments.credit({"107"}));
  };
  const auto documented = everything();
  CHECK(documented.find(R"("description":"Data & calls on the mobile network")") != std::string::npos);
  CHECK(documented.find(R"("cycle":"annually")") != std::string::npos);
  CHECK(documented.find(R"("orderable":false)") != std::string::npos);
  CHECK(documented.find("Portal reference") == std::string::npos);
  CHECK(documented.find("sample-101") == std::string::npos);  // the service's password
  CHECK(documented.find("cus_101") == std::string::npos);     // the gateway's token
  for (const char* shapes : {"empty_string", "empty_array", "empty_object", "null", "missing",
                             "single_object", "numeric_keys", "chaos"})
    for (const char* numbers : {"strings", "numbers", "mixed"}) {
      INFO(shapes << " " << numbers);
      sandbox.control("PUT", "/whmcs/switches",
                      fmt::format(R"({{"shapes":"{}","numbers":"{}"}})", shapes, numbers));
      CHECK(everything() == documented);
    }
}

TEST_CASE("prices: terms on offer, one-time ones from the monthly column, free ones at nothing") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto price = [&](const char* id, const char* currency) {
    const auto list = c.orders.products({currency, {}, id});
    return list.items.empty() ? std::string("none") : portico::encode_text(list.items.at(0).prices.at(0));
  };
  CHECK(
      price("12", "JPY") ==
      R"({"cycle":"monthly","setup":{"amount_minor":22000,"currency":"JPY"},"amount":{"amount_minor":4950,"currency":"JPY"}})");
  CHECK(
      price("26", "CHF") ==
      R"({"cycle":"one_time","setup":{"amount_minor":0,"currency":"CHF"},"amount":{"amount_minor":2000,"currency":"CHF"}})");
  CHECK(price("34", "JPY").find("\"free\"") != std::string::npos);
  CHECK(price("12", "EUR") == "none");
  CHECK(price("999", "JPY") == "none");
  sandbox.control("PUT", "/whmcs/switches", R"({"bad_pid":"error"})");
  CHECK(price("999", "JPY") == "none");
  CHECK(c.orders.products({"JPY", "1", {}}).items.size() == 3);
}

TEST_CASE("an order from placing to its end") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  auto wanted = order_of("life-1", "12");
  wanted.items.at(0).options = {{"4", "13"}, {"5", "1"}};
  wanted.items.at(0).fields = {{"120", "東京-01"}};
  const auto placed = c.orders.place(wanted);
  CHECK(placed.status == contract::OrderStatus::pending);
  CHECK(placed.amount == portico::Money{22000 + 4950 + 330 + 770, "JPY"});
  REQUIRE(placed.invoice_id);
  const contract::SubscriptionRef line{"102", placed.lines.at(0).subscription_id.value()};
  auto subscription = c.subscriptions.get(line);
  CHECK(subscription.status == contract::SubscriptionStatus::pending);
  CHECK(subscription.fields.at(0).value == "東京-01");
  CHECK(subscription.options.at(1).value == "Yes");
  CHECK(c.orders.accept({"102", placed.id}).status == contract::OrderStatus::active);
  CHECK(c.subscriptions.get(line).status == contract::SubscriptionStatus::active);
  CHECK(code_of([&] { c.orders.cancel({"102", placed.id}); }) == "409 billing.order_state");
  CHECK(code_of([&] { c.orders.get({"101", placed.id}); }) == "404 billing.order_not_found");
  CHECK(code_of([&] {
          c.subscriptions.get({"101", line.subscription_id});
        }) == "404 billing.subscription_not_found");
  CHECK(code_of([&] {
          c.subscriptions.run({"102", line.subscription_id, contract::Command::suspend, {}});
        }) == "409 billing.not_provisioned");
  const auto paid = c.payments.record(
      {"bank-1", "102", *placed.invoice_id, "banktransfer", {30855, "JPY"}, "2026-06-12T22:30:00Z"});
  CHECK(paid.status == contract::InvoiceStatus::paid);
  CHECK(paid.payments.at(0).paid_on == "2026-06-13");  // in Tokyo
  CHECK(code_of([&] { c.orders.place(order_of("life-2", "38")); }) == "422 billing.product_not_orderable");
}

TEST_CASE("switches that change what a write meets") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto set = [&](const char* switches) { sandbox.control("PUT", "/whmcs/switches", switches); };
  for (const char* shape : {"missing", "zero", "null"}) {
    set(fmt::format(R"({{"no_invoice_id":"{}"}})", shape).c_str());
    CHECK_FALSE(c.orders.place(order_of(fmt::format("free-{}", shape), "34")).invoice_id);
  }
  const auto sim = c.orders.place(order_of("sim", "22"));
  set(R"({"module_failure":"HLR does not answer"})");
  CHECK(code_of([&] { c.orders.accept({"102", sim.id}); }) == "422 billing.provisioning_failed");
  set(R"({"module_failure":"","module_repeat":"refuse"})");
  const auto accepted = c.orders.accept({"102", sim.id});
  const auto id = accepted.lines.at(0).subscription_id.value();
  CHECK(c.subscriptions.run({"102", id, contract::Command::create, {}}).status ==
        contract::SubscriptionStatus::active);
  set(R"({"version":"9.0.1"})");
  const auto invoice = c.invoice_writes.create(invoice_of("nine"));
  CHECK(invoice.total == portico::Money{8800 + 880 + 520, "JPY"});
  CHECK(invoice.lines.at(0).description == "O'Neill's <visit> & more");
  CHECK(c.invoice_writes.cancel({"102", invoice.id}).status == contract::InvoiceStatus::cancelled);
  set(R"({"upgrade_effect":"accepted"})");
  const auto upgrade =
      c.subscriptions.upgrade({"101", "3101", "16", contract::BillingCycle::monthly, "stripe"});
  CHECK(upgrade.state == contract::UpgradeState::waiting);
  c.orders.accept({"101", upgrade.order_id.value()});
  CHECK(c.subscriptions.get({"101", "3101"}).product_id == "16");
  set(R"({"reject_duplicate_transid":true})");
  const auto other = c.invoice_writes.create(invoice_of("dup"));
  c.payments.record({"t-1", "102", other.id, "stripe", {100, "JPY"}, "2026-06-12T22:30:00Z"});
  CHECK(code_of([&] {
          c.payments.record({"t-1", "102", other.id, "stripe", {200, "JPY"}, "2026-06-12T22:30:00Z"});
        }) == "409 billing.reference_used");
}

TEST_CASE("pay methods are listed, chosen and removed; another customer's are not there") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto list = c.payments.methods({"101"});
  REQUIRE(list.items.size() == 2);
  CHECK(list.items.at(0).is_default);
  CHECK(list.items.at(0).last_four == "4242");
  CHECK(list.items.at(0).expires_on == "2030-02");
  const auto second = list.items.at(1).id;
  CHECK(c.payments.set_default_method({"101", second}).items.at(0).id == second);
  CHECK(code_of([&] {
          c.payments.set_default_method({"102", second});
        }) == "404 billing.payment_method_not_found");
  CHECK(c.payments.remove_method({"102", second}).items.empty());
  CHECK(c.payments.methods({"101"}).items.size() == 2);
  CHECK(c.payments.remove_method({"101", second}).items.size() == 1);
}
