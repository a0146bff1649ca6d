// The invoice routes through the plugin's C ABI, and its start with any host call failing.
#include "tests/desk.hpp"

using namespace billing;
using portico::Problem;
using portico::testkit::TestHost;

namespace {

TestHost& open(TestHost& host, Desk& desk) {
  desk.attach(host);
  host.load();
  return host.sign_in({.user_id = kUser});
}

}  // namespace

TEST_CASE("what billing registers") {
  TestHost host;
  Desk desk;
  open(host, desk);
  CHECK(host.registered().routes == std::vector<std::string>{"GET /api/billing/hand-off.css",
                                                             "GET /api/invoices", "GET /api/invoices/{id}",
                                                             "POST /api/invoices/{id}/sso-link"});
  CHECK(host.registered().cards == std::vector<std::string>{"billing.due"});
  CHECK(host.registered().pages.size() == 2);
}

TEST_CASE("a person's invoices: the customer is looked up once a minute, the query is checked") {
  TestHost host;
  Desk desk;
  open(host, desk);
  const auto reply = host.get("/api/invoices?page=2&page_size=5&status=overdue");
  CHECK(reply.status == 200);
  CHECK(reply.as<portico::billing::InvoiceList>().items.at(0).number == "INV-9001");
  CHECK(desk.last_query.customer_id == "418");
  CHECK(desk.last_query.page == 2);
  CHECK(desk.last_query.status == portico::billing::InvoiceStatus::overdue);
  host.get("/api/invoices"), host.get("/api/invoices/9001");
  CHECK(desk.links_asked == 1);
  host.advance(std::chrono::seconds(60));
  host.get("/api/invoices");
  CHECK(desk.links_asked == 2);
  struct Row {
    const char *target, *error;
  };
  const Row rows[] = {{"/api/invoices?page=0", "?page too_small"},
                      {"/api/invoices?page=x", "?page not_an_integer"},
                      {"/api/invoices?page_size=101", "?page_size too_large"},
                      {"/api/invoices?status=draft", "?status unknown"}};
  for (const auto& row : rows) {
    INFO(row.target);
    const auto refused = host.get(row.target);
    CHECK(refused.status == 422);
    CHECK(refused.error().substr(0, 6) == std::string(row.error).substr(0, 6));
  }
  host.sign_out();
  CHECK(host.get("/api/invoices").code == "auth.required");
}

TEST_CASE("invoices that are not there, not theirs or not readable") {
  struct Row {
    const char* rule;
    std::function<void(Desk&)> change;
    const char* target;
    const char* outcome;
  };
  const Row rows[] = {
      {"one of theirs", [](Desk&) {}, "/api/invoices/9001", "200 "},
      {"none", [](Desk&) {}, "/api/invoices/9002", "404 billing.invoice_not_found"},
      {"no id", [](Desk&) {}, "/api/invoices/9001x", "404 billing.invoice_not_found"},
      {"another customer's", [](Desk& d) { d.customer = "7"; }, "/api/invoices/9001",
       "404 billing.invoice_not_found"},
      {"no customer yet", [](Desk& d) { d.customer.reset(); }, "/api/invoices/9001",
       "404 billing.invoice_not_found"},
      {"billing is away", [](Desk& d) { d.failure = Problem(503, "upstream.unavailable"); },
       "/api/invoices/9001", "503 upstream.unavailable"},
      {"a value that breaks our rules", [](Desk& d) { d.invoices["9001"].issued_on = "11/06/2025"; },
       "/api/invoices/9001", "502 upstream.bad_reply"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    TestHost host;
    Desk desk;
    row.change(desk);
    const auto reply = open(host, desk).get(row.target);
    CHECK(std::to_string(reply.status) + " " + reply.code == row.outcome);
  }
}

TEST_CASE("a payment link needs a fresh proof before anything is asked") {
  TestHost host;
  Desk desk;
  open(host, desk);
  host.browser.user->proved_at = host.now() - std::chrono::minutes(11);
  CHECK(host.post("/api/invoices/9001/sso-link").code == "auth.step_up_required");
  CHECK(desk.links_asked == 0);
}

TEST_CASE("the style sheet is for everybody") {
  TestHost host;
  Desk desk;
  open(host, desk).sign_out();
  const auto style = host.get("/api/billing/hand-off.css");
  CHECK(style.status == 200);
  CHECK(style.header("Content-Type") == "text/css; charset=utf-8");
}

TEST_CASE("start and reading with any host call failing: a problem each, and nothing left open") {
  Desk desk;
  const auto outcomes = portico::testkit::for_each_failing_call([&](TestHost& host) {
    open(host, desk);
    host.get("/api/invoices");
    host.get("/api/invoices/9001");
  });
  CHECK(outcomes.size() > 10);
  for (const auto& outcome : outcomes) {
    INFO("call " << outcome.n << " " << outcome.function << " → " << outcome.status << " " << outcome.code);
    CHECK(outcome.status != 0);
    if (outcome.function == "operations.call" || outcome.function == "routes.add")
      CHECK(outcome.status == 503);
  }
}
