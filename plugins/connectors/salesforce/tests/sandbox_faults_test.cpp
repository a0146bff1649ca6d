// The connector but the host against the played org: sessions, limits, faults and switches.
#include <atomic>
#include <barrier>
#include <thread>

#include "client/base64.hpp"
#include "tests/connector.hpp"

using namespace salesforce;
using connectors::RunningSandbox;
namespace contract = portico::crm;
using namespace std::chrono_literals;

namespace {

const How kRefresh{Lane::standard, portico::Priority::refresh};

soql::Select all_cases() {
  return soql::Select("Case").fields({"Id"}).order_by("Id", soql::Ordering::ascending);
}

}  // namespace

TEST_CASE("an ended session costs one sign-on, also under 50 parallel calls") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  c.client.query(all_cases(), 100);
  CHECK(sandbox.calls_of(kVendor, "token") == 1);
  sandbox.pass(3h);
  constexpr int kCalls = 50;
  std::barrier together(kCalls);
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kCalls; ++i)
      threads.emplace_back([&] {
        together.arrive_and_wait();
        if (code_of([&] { c.client.query(all_cases(), 100); }).empty()) ++good;
      });
  }
  CHECK(good == kCalls);
  CHECK(sandbox.calls_of(kVendor, "token") == 2);
  sandbox.control("DELETE", "/salesforce/sessions");
  c.client.query(all_cases(), 100);
  CHECK(sandbox.calls_of(kVendor, "token") == 3);
  sandbox.control("PUT", "/salesforce/switches", R"({"session_seconds":60})");
  sandbox.pass(50s);
  c.client.query(all_cases(), 100);
  sandbox.pass(50s);
  c.client.query(all_cases(), 100);
  CHECK(sandbox.calls_of(kVendor, "token") == 3);  // use keeps a session alive
  sandbox.pass(61s);
  c.client.query(all_cases(), 100);
  CHECK(sandbox.calls_of(kVendor, "token") == 4);
}

TEST_CASE("while the org is crowded with long requests, everybody waits") {
  RunningSandbox sandbox;
  Connector c(sandbox), other(sandbox);
  c.client.query(all_cases(), 100);
  other.session.get();
  sandbox.control("PUT", "/salesforce/switches", R"({"concurrent_requests":1,"long_request_ms":0})");
  sandbox.fault(kVendor, "query", "stall");
  std::string held;
  {
    const std::jthread slow([&] { held = code_of([&] { c.client.query(all_cases(), 100); }); });
    while (sandbox.control("GET", "/faults").at("holding").as_int64() == 0) std::this_thread::yield();
    CHECK(code_of([&] { other.client.query(all_cases(), 100); }) == "503 upstream.busy");
    sandbox.no_faults();
  }
  CHECK(held.empty());
  other.passed += 2s;
  CHECK(code_of([&] { other.client.query(all_cases(), 100); }) == "");
}

TEST_CASE("sign-on fails for the org's own reasons, and works again when they are gone") {
  RunningSandbox sandbox;
  const std::pair<const char*, const char*> rows[] = {
      {R"({"approved":false})", "user hasn't approved"},
      {R"({"approved":true,"user_state":"locked"})", "user is locked"},
      {R"({"user_state":"failed"})", "authentication failure"},
      {R"({"user_state":"not_admin_approved"})", "invalid_app_access"},
      {R"({"token_error_status":401})", "invalid_app_access"},
      {R"({"user_state":"active","assertion_max_seconds":1})", "expired authorization code"},
      {R"({"audience_text":"older"})", "expired authorization code"}};
  for (const auto& [switches, why] : rows) {
    INFO(switches);
    sandbox.control("PUT", "/salesforce/switches", switches);
    Connector c(sandbox);
    CHECK(code_of([&] { c.session.get(); }) == "503 upstream.misconfigured");
    CHECK(c.watcher.last().find(why) != std::string::npos);
  }
  sandbox.control("PUT", "/salesforce/switches", R"({"assertion_max_seconds":180})");
  Connector c(sandbox);
  CHECK(code_of([&] { c.session.get(); }) == "");
}

TEST_CASE("the day's requests run out: first for what nobody waits for, then for all") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  c.client.query(all_cases(), 100);
  sandbox.control("PUT", "/salesforce/switches", R"({"daily_api_requests":10})");
  int refreshed = 0;
  while (code_of([&] { c.client.query(all_cases(), 100, kRefresh); }).empty()) ++refreshed;
  CHECK(refreshed >= 7);
  CHECK(code_of([&] { c.orders.products({{}, contract::Urgency::refresh}); }) == "503 upstream.quota_low");
  CHECK(code_of([&] { c.client.query(all_cases(), 100); }) == "");
  std::string refused;
  for (int i = 0; i < 5 && refused.empty(); ++i) refused = code_of([&] { c.client.query(all_cases(), 100); });
  CHECK(refused == "503 upstream.quota_used");
  const auto calls = sandbox.calls_of(kVendor, "query");
  CHECK(code_of([&] { c.client.query(all_cases(), 100); }) == "503 upstream.quota_used");
  CHECK(sandbox.calls_of(kVendor, "query") == calls);
  sandbox.control("PUT", "/salesforce/switches", R"({"daily_api_requests":100000})");
  c.passed += 6min;
  CHECK(code_of([&] { c.client.query(all_cases(), 100); }) == "");
}

TEST_CASE("faults of a read are told apart") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  c.session.get();
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"http_500_html", "", "503 upstream.unavailable"},
      {"http_403_empty", "", "502 upstream.bad_reply"},
      {"truncated_json", "", "502 upstream.bad_reply"},
      {"cut_body", "", "503 upstream.unavailable"},
      {"warning_only", "", "502 upstream.bad_reply"},
      {"wrong_shape", "", "502 upstream.bad_reply"},
      {"reset", "", "503 upstream.unavailable"},
      {"down", "", "503 upstream.unavailable"},
      {"refuse_4xx", "", ""},  // a locked row, once
      {"refuse_5xx", "", "503 upstream.unavailable"},
      {"error", "session_expired", ""},
      {"error", "session_not_for_rest", "503 upstream.misconfigured"},
      {"error", "bad_auth_header", "503 upstream.misconfigured"},
      {"error", "concurrent_limit", "503 upstream.busy"},
      {"error", "daily_limit", "503 upstream.quota_used"},
      {"error", "api_disabled", "503 upstream.misconfigured"},
      {"error", "no_access", "503 upstream.misconfigured"},
      {"error", "malformed_query", "502 upstream.refused"},
      {"error", "invalid_field", "503 upstream.misconfigured"},
      {"error", "invalid_type", "503 upstream.misconfigured"},
      {"error", "query_too_complicated", "502 upstream.refused"},
      {"error", "query_timeout", ""},  // asked again, on the long lane
      {"error", "unavailable", "503 upstream.unavailable"},
      {"error", "unknown", "503 upstream.unavailable"},
      {"error", "uri_too_long", "502 upstream.refused"},
      {"error", "headers_too_long", "502 upstream.refused"},
      {"error", "storage", "503 upstream.misconfigured"},
      {"error", "OF_NO_ROW", "502 upstream.refused"},
      {"none", "", ""}};
  for (const auto& [kind, code, expected] : rows) {
    INFO(kind << " " << code);
    sandbox.fault(kVendor, "query", kind, code);
    CHECK(code_of([&] { c.customers.find({{}, "101"}); }) == expected);
    c.passed += 10min;
  }
  // A stalled answer is a time-out.
  sandbox.fault(kVendor, "query", "stall");
  c.transport.timeout = 1s;
  CHECK(code_of([&] { c.customers.find({{}, "101"}); }) == "504 upstream.timeout");
  sandbox.no_faults();
}

TEST_CASE("a file that breaks off or is a page is no file") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto who = sample(c, "104");
  const auto id = c.cases.open(case_of(who, "broken-file")).summary.id;
  const auto file =
      c.files.attach({"bf", who.account_id, id, "a.bin", base64_encode(std::string(50'000, 'x'))});
  for (const auto& [kind, expected] :
       std::vector<std::pair<const char*, const char*>>{{"cut_body", "503 upstream.unavailable"},
                                                        {"truncated_json", "502 upstream.bad_reply"},
                                                        {"warning_only", "502 upstream.bad_reply"},
                                                        {"wrong_shape", "502 upstream.bad_reply"},
                                                        {"http_500_html", "503 upstream.unavailable"},
                                                        {"reset", "503 upstream.unavailable"}}) {
    INFO(kind);
    sandbox.fault(kVendor, "download", kind);
    CHECK(code_of([&] { c.files.get({who.account_id, id, file.id}); }) == expected);
  }
  CHECK(code_of([&] { c.files.get({who.account_id, id, file.id}); }) == "");
}

TEST_CASE("nothing the log gets has a secret or a person in it, whatever happens") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto who = sample(c, "104");
  auto odd = case_of(who, "log-1");
  odd.subject = "very private words";
  for (const char* code : {"session_expired", "no_access", "too_long", "bad_email", "duplicate_value",
                           "invalid_field", "malformed_query", "lock_row", "unknown", "OF_NO_ROW"}) {
    for (const char* action : {"create", "query", "composite"}) {
      sandbox.fault(kVendor, action, "error", code, 0, 1);
      code_of([&] { c.cases.open(odd); });
      code_of([&] { c.orders.place(order_of(c, who, "log-o")); });
      sandbox.no_faults();
      c.passed += 10min;
    }
  }
  sandbox.control("PUT", "/salesforce/switches", R"({"case_rule":"private"})");
  auto again = odd;
  again.reference = "log-2";
  try {
    c.cases.open(again);
    FAIL("the rule let it pass");
  } catch (const portico::Problem& problem) {
    CHECK(problem.code == "crm.refused");
    CHECK(problem.detail.find("private") == std::string::npos);
    CHECK(std::string(problem.members.at("errors").at(0).at("text").as_string()) ==
          "Choose another subject.");
    CHECK(std::string(problem.members.at("errors").at(0).at("pointer").as_string()) == "/subject");
  }
  const auto token = c.session.get().token;
  CHECK(c.watcher.lines().size() > 30);
  for (const auto& line : c.watcher.lines())
    for (const std::string& secret :
         {token, std::string("private"), std::string("O'Brien"), std::string("89049")}) {
      INFO(line);
      CHECK(line.find(secret) == std::string::npos);
    }
}

TEST_CASE("switches change what a person sees only where they must") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto set = [&](const char* switches) { sandbox.control("PUT", "/salesforce/switches", switches); };
  set(R"({"duplicate_rule":"alert"})");
  auto twin = customer_of("twin", "9100");
  twin.email = "jane@placeholder.example";
  CHECK(code_of([&] { c.customers.upsert(twin); }) == "");
  set(R"({"duplicate_rule":"block"})");
  auto blocked = customer_of("blocked", "9101");
  blocked.email = "jane@placeholder.example";
  CHECK(code_of([&] { c.customers.upsert(blocked); }) == "409 crm.duplicate");
  CHECK(code_of([&] { c.customers.find({{}, "9101"}); }) == "404 crm.customer_not_found");
  set(R"({"duplicate_rule":"none","owner_type":"name","descending_nulls":"first","utc_offset_minutes":-600})");
  contract::OrderQuery orders;
  orders.account_id = sample(c, "101").account_id;
  CHECK(c.orders.list(orders).total == 2);
  for (const char* status :
       {R"({"malformed_record_id_status":400})", R"({"malformed_record_id_status":404})"}) {
    set(status);
    contract::AccountChange gone{"001000000000999AAA", "x", {}, {}, {}};
    const auto code = code_of([&] { c.customers.change_account(gone); });
    CHECK((code == "404 crm.account_not_found" || code == "422 request.invalid"));
  }
  set(R"({"no_access_status":400})");
  sandbox.fault(kVendor, "query", "error", "no_access");
  CHECK(code_of([&] { c.customers.find({{}, "101"}); }) == "503 upstream.misconfigured");
  set(R"({"concurrent_requests":0})");
  CHECK(code_of([&] { c.customers.find({{}, "101"}); }) == "503 upstream.busy");
  c.passed += 2min;
  set(R"({"concurrent_requests":25})");
  CHECK(code_of([&] { c.customers.find({{}, "101"}); }) == "");
}
