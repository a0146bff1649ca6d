// The connector through its C ABI: settings, what it sends, what answers mean for the caller and for health.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <portico/contracts/crm_cases.hpp>
#include <portico/contracts/crm_orders.hpp>
#include <portico/testkit.hpp>

#include "tests/scripted.hpp"

using portico::Problem;
using portico::testkit::TestHost;
namespace contract = portico::crm;

namespace {

/// The key in a file of its own, gone with this object.
struct KeyFile {
  KeyFile() : path(std::filesystem::temp_directory_path() / fmt::format("salesforce-key-{}", ::getpid())) {
    std::ofstream(path) << salesforce::test_key();
  }
  ~KeyFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  std::filesystem::path path;
};

TestHost& open(TestHost& host, const KeyFile& key, boost::json::object more = {}) {
  boost::json::object settings{{"login_url", "https://org.example"},
                               {"client_id", "client-1"},
                               {"username", "portal@example.com"},
                               {"private_key_path", key.path.string()}};
  for (const auto& member : more) settings[member.key()] = member.value();
  return host.config(std::move(settings)).load(PORTICO_PLUGIN_FILE);
}

void expect_token(TestHost& host) {
  host.upstream("salesforce")
      .expect("POST", "/services/oauth2/token")
      .operation("token")
      .with_header("Content-Type", "application/x-www-form-urlencoded")
      .reply(salesforce::ScriptedTransport::token_reply("00D000000000001!secret-token"));
}

portico::testkit::Expectation& expect_account(TestHost& host) {
  return host.upstream("salesforce")
      .expect(
          "GET",
          "/services/data/v60.0/query?q=SELECT%20Id%2C%20WHMCS_Client_Id__c%2C%20Name%2C%20Phone%2C%20"
          "Portal_Status__c%2C%20BillingStreet%2C%20BillingCity%2C%20BillingState%2C%20BillingPostalCode%2C%20"
          "BillingCountry%20FROM%20Account%20WHERE%20Id%20%3D%20%27001000000000001AAA%27")
      .operation("query")
      .with_header("Authorization", "Bearer 00D000000000001!secret-token");
}

const std::string kAccount =
    R"({"totalSize":1,"done":true,"records":[{"attributes":{"type":"Account"},"Id":"001000000000001AAA",)"
    R"("WHMCS_Client_Id__c":"101","Name":"花子 見本","Phone":null,"Portal_Status__c":"Active","BillingStreet":"1-2-3",)"
    R"("BillingCity":"千代田区","BillingState":"東京都","BillingPostalCode":"100-0001","BillingCountry":"JP"}]})";
const contract::AccountRef kRef{"001000000000001AAA"};

template <class F>
std::string outcome_of(F&& fn) {
  const auto code = salesforce::code_of(std::forward<F>(fn));
  return code.empty() ? "ok" : code;
}

}  // namespace

TEST_CASE("what the connector offers, and that its settings are checked") {
  const KeyFile key;
  {
    TestHost host;
    open(host, key);
    const auto there = host.registered().operations;
    CHECK(std::count_if(there.begin(), there.end(),
                        [](const std::string& name) { return name.starts_with("crm."); }) >= 22);
    const auto tasks = host.registered().tasks;
    CHECK(std::count(tasks.begin(), tasks.end(), "salesforce.check") == 1);
  }
  const boost::json::object bad[] = {{{"login_url", "org.example"}},
                                     {{"private_key_path", "/nowhere/key.pem"}},
                                     {{"private_key_path", "/dev/null"}},
                                     {{"api_version", "60"}},
                                     {{"api_version", "../../x"}},
                                     {{"currency", "yen"}},
                                     {{"refresh_percent", 0}}};
  for (const auto& setting : bad) {
    INFO(boost::json::serialize(setting));
    CHECK(outcome_of([&] {
            TestHost host;
            open(host, key, setting);
          }) == "500 config.invalid");
  }
}

TEST_CASE("a record is read with one token, and neither token nor person stands in the log") {
  const KeyFile key;
  TestHost host;
  open(host, key);
  expect_token(host);
  for (int i = 0; i < 2; ++i) {
    expect_account(host).reply(kAccount);
    const auto account = host.call(contract::get_account, kRef);
    CHECK(account.name == "花子 見本");
    CHECK(account.state == contract::AccountState::active);
    CHECK(account.as_of == "2030-01-01T00:00:00Z");
  }
  CHECK(host.upstream("salesforce").requests().at(1).lane == "standard");
  CHECK(host.upstream("salesforce").requests().at(1).write == false);
  CHECK(host.health().at("salesforce").state == PORTICO_HEALTH_OK);
  for (const auto& line : host.log())
    for (const char* secret : {"secret-token", "見本", "assertion"})
      CHECK(line.text().find(secret) == std::string::npos);
}

TEST_CASE("what the answers mean for the caller, and for health") {
  struct Row {
    const char* rule;
    std::function<void(portico::testkit::Expectation&)> answer;
    const char* outcome;
    int health;
    int bad_replies;
  };
  const Row rows[] = {
      {"not there", [](auto& e) { e.reply(R"({"totalSize":0,"done":true,"records":[]})"); },
       "404 crm.account_not_found", PORTICO_HEALTH_OK, 0},
      {"down", [](auto& e) { e.reply(503, "<html>", "text/html"); }, "503 upstream.unavailable",
       PORTICO_HEALTH_DEGRADED, 0},
      {"a page", [](auto& e) { e.reply(200, "<html>", "text/html"); }, "502 upstream.bad_reply",
       PORTICO_HEALTH_DEGRADED, 1},
      {"a record of another shape",
       [](auto& e) { e.reply(R"({"totalSize":1,"done":true,"records":[{"Id":7}]})"); },
       "502 upstream.bad_reply", PORTICO_HEALTH_DEGRADED, 1},
      {"no right", [](auto& e) { e.reply(403, R"([{"message":"m","errorCode":"API_DISABLED_FOR_ORG"}])"); },
       "503 upstream.misconfigured", PORTICO_HEALTH_FAILED, 0},
      {"a time-out", [](auto& e) { e.times_out(); }, "504 upstream.timeout", PORTICO_HEALTH_DEGRADED, 0},
      {"our own full queue", [](auto& e) { e.fails(Problem(503, "upstream.busy", "", 1)); },
       "503 upstream.busy", -1, 0},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const KeyFile key;
    TestHost host;
    open(host, key);
    expect_token(host);
    row.answer(expect_account(host));
    CHECK(outcome_of([&] { host.call(contract::get_account, kRef); }) == row.outcome);
    const auto health = host.health();
    CHECK((health.count("salesforce") ? health.at("salesforce").state : -1) == row.health);
    CHECK(host.upstream("salesforce").bad_replies() == row.bad_replies);
  }
}

TEST_CASE("what is not an id never leaves") {
  const KeyFile key;
  TestHost host;
  open(host, key);
  const char* odd = "001000000000001' OR Name != '";
  CHECK(outcome_of([&] { host.call(contract::get_account, contract::AccountRef{odd}); }) ==
        "404 crm.account_not_found");
  CHECK(outcome_of([&] {
          host.call(contract::get_order, contract::OrderRef{"001000000000001AAA", odd});
        }) == "404 crm.order_not_found");
  CHECK(outcome_of([&] {
          host.call(contract::get_case, contract::CaseRef{odd, "500000000000001AAA"});
        }) == "404 crm.case_not_found");
  CHECK(outcome_of([&] {
          host.call(contract::get_file, contract::FileRef{"001000000000001AAA", "500000000000001AAA", "500"});
        }) == "404 crm.file_not_found");
  // Of another kind: a contact where an account is meant.
  CHECK(outcome_of([&] { host.call(contract::get_account, contract::AccountRef{"003000000000001AAA"}); }) ==
        "404 crm.account_not_found");
  CHECK(host.upstream("salesforce").requests().empty());
}

TEST_CASE("requests that the contract forbids are refused before anything is sent") {
  const KeyFile key;
  TestHost host;
  open(host, key);
  contract::NewOrder order;
  order.account_id = "001000000000001AAA", order.contact_id = "003000000000001AAA";
  order.reference = "not good", order.ordered_on = "2026-01-31";
  CHECK(outcome_of([&] { host.call(contract::place_order, order); }) ==
        "422 request.invalid /reference invalid");
  order.reference = "o-1", order.ordered_on = "today";
  CHECK(outcome_of([&] { host.call(contract::place_order, order); }) == "422 request.invalid");
  contract::CaseQuery query;
  query.account_id = "001000000000001AAA";
  query.page = 21, query.page_size = 100;
  CHECK(outcome_of([&] { host.call(contract::list_cases, query); }) ==
        "422 request.invalid /page out_of_range");
  contract::NewFile file{"f-1", "001000000000001AAA", "500000000000001AAA", "../x", "YQ=="};
  CHECK(outcome_of([&] { host.call(contract::attach_file, file); }) == "422 request.invalid /name invalid");
  file.name = "x", file.content = "not base64";
  CHECK(outcome_of([&] { host.call(contract::attach_file, file); }) ==
        "422 request.invalid /content invalid_base64");
  file.content = std::string((25 << 20) / 3 * 4 + 8, 'A');
  CHECK(outcome_of([&] { host.call(contract::attach_file, file); }) == "413 crm.file_too_large");
  contract::CustomerRecord customer;
  CHECK(outcome_of([&] { host.call(contract::upsert_customer, customer); }) ==
        "422 request.invalid /user_id required");
  CHECK(host.upstream("salesforce").requests().empty());
}

TEST_CASE("a wrong key or right shows before a customer meets it") {
  const KeyFile key;
  TestHost host;
  open(host, key);
  host.upstream("salesforce")
      .expect("POST", "/services/oauth2/token")
      .reply(400, R"({"error":"invalid_grant","error_description":"user hasn't approved this consumer"})");
  host.run_task("salesforce.check");
  CHECK(host.health().at("salesforce").state == PORTICO_HEALTH_FAILED);
}
