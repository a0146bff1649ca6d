// Payment links on a real PostgreSQL, through the plugin's C ABI.
#include <portico/testkit/postgres.hpp>

#include "tests/desk.hpp"

using namespace billing;
using portico::Problem;
using portico::testkit::Postgres;
using portico::testkit::TestHost;

namespace {

Postgres& database() {
  static Postgres one(Postgres::url_of_environment(), "billing", BILLING_MIGRATIONS);
  return one;
}

/// A host with no claims of earlier tests.
TestHost& open(TestHost& host, Desk& desk) {
  database().script("DELETE FROM payment_links");
  desk.attach(host);
  host.with_database(database()).forbid_calls_in_transactions().follow_system_clock();
  host.load();
  return host.sign_in({.user_id = kUser});
}

std::string claims() {
  return database().ask("SELECT count(*)::text FROM payment_links");
}

portico::testkit::Sent form(std::string accept) {
  return {"POST",
          "/api/invoices/9001/sso-link",
          "target=pay",
          "application/x-www-form-urlencoded",
          {{"Accept", std::move(accept)}}};
}

}  // namespace

TEST_CASE("a link: claimed, made, recorded, announced; the next one waits") {
  TestHost host;
  Desk desk;
  open(host, desk);
  const auto reply = host.post("/api/invoices/9001/sso-link", {{"target", "pay"}});
  REQUIRE(reply.status == 200);
  CHECK(reply.as<portico::billing::PaymentLink>().site == "billing.example.ch");
  CHECK(reply.header("Cache-Control") == "no-store");
  REQUIRE(host.audit().size() == 1);
  CHECK(host.audit()[0].action == "billing.payment_link");
  CHECK(host.audit()[0].outcome == "ok");
  CHECK(host.audit()[0].user_id == kUser);
  CHECK(host.audit()[0].details.find("https") == std::string::npos);  // the link is a secret
  CHECK(claims() == "1");
  const auto again = host.post("/api/invoices/9001/sso-link");
  CHECK(again.code == "billing.link_just_made");
  CHECK(again.retry_after_s > 50);
  CHECK(desk.links_made == 1);
  database().script("UPDATE payment_links SET minted_at = minted_at - interval '61 seconds'");
  CHECK(host.post("/api/invoices/9001/sso-link").status == 200);
}

TEST_CASE("a link that could not be made gives its claim back and is told of") {
  TestHost host;
  Desk desk;
  open(host, desk);
  bool away = true;
  host.provide(portico::billing::create_payment_link, [&](const portico::billing::InvoiceRef&) {
    if (away) throw Problem(504, "upstream.timeout");
    return portico::billing::PaymentLink{"https://billing.example.ch/x", "billing.example.ch", 60};
  });
  CHECK(host.post("/api/invoices/9001/sso-link").code == "upstream.timeout");
  CHECK(claims() == "0");
  CHECK(host.audit().at(0).outcome == "failed");
  away = false;
  CHECK(host.post("/api/invoices/9001/sso-link").status == 200);
}

TEST_CASE("a browser gets a page that leads there, also for a failure") {
  TestHost host;
  Desk desk;
  open(host, desk);
  host.browser.language = "ja";
  const auto page = host.send(host.browser, form("text/html"));
  CHECK(page.status == 200);
  CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(page.header("Referrer-Policy") == "no-referrer");
  CHECK(page.body.find("<html lang=\"ja\">") != std::string::npos);
  const auto refused = host.send(host.browser, form("text/html"));
  CHECK(refused.status == 429);
  CHECK(refused.retry_after_s > 50);
  CHECK(refused.body.find("先ほど発行") != std::string::npos);
}

TEST_CASE("claims are a user's own: row-level security keeps others' out") {
  TestHost host;
  Desk desk;
  open(host, desk);
  CHECK(host.post("/api/invoices/9001/sso-link").status == 200);
  const auto other = database().begin({"00000000-0000-4000-8000-000000000002", ""});
  CHECK(other->run("SELECT count(*) FROM payment_links", {}).cells.at(0).integer == 0);
  other->rollback();
}

TEST_CASE(
    "a link with any host call failing: none is given out unrecorded, no claim outlives a failure unnoticed") {
  Desk desk;
  const auto outcomes = portico::testkit::for_each_failing_call([&](TestHost& host) {
    open(host, desk);
    const auto reply = host.post("/api/invoices/9001/sso-link", {{"target", "pay"}});
    if (reply.status == 200) CHECK(host.audit().size() == 1);
  });
  for (const auto& outcome : outcomes) {
    INFO("call " << outcome.n << " " << outcome.function << " → " << outcome.status << " " << outcome.code);
    if (outcome.function.starts_with("database.") || outcome.function == "audit.record")
      CHECK(outcome.status >= 500);
    CHECK((outcome.status < 400 || !outcome.code.empty()));
  }
}
