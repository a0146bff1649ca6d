// Each kind of fault as the caller sees it, and what it leaves behind.
#include <curl/curl.h>

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "examples/sandbox/testing/running.hpp"

namespace sandbox::testing {

namespace json = boost::json;

namespace {

void order(const Running& running, json::object fault) {
  fault["vendor"] = "whmcs";
  const Reply reply = running.control("PUT", "/control/faults", fault);
  INFO(reply.body);
  REQUIRE(reply.status == 200);
}

bool has_client(const Running& running, const char* email) {
  return running.ask("GetClients", {{"search", email}}).at("totalresults") == 1;
}

void wait_until_held(Running& running, std::int64_t count) {
  while (running.box().faults().holding() < count) std::this_thread::yield();
}

}  // namespace

TEST_CASE("each fault looks as named and writes or does not write") {
  Running running;
  struct Row {
    const char* kind;
    int error;
    int status;
    const char* in_body;
    bool writes;
  };
  const Row row = GENERATE(values<Row>({
      {"http_500_html", CURLE_OK, 500, "EmitterException", false},
      {"http_403_empty", CURLE_OK, 403, "", false},
      {"truncated_json", CURLE_OK, 200, "{\"result\":\"succ", true},
      {"cut_body", CURLE_PARTIAL_FILE, 200, "{\"result\":\"success\"", true},
      {"warning_only", CURLE_OK, 200, "{\"warning\":", false},
      {"wrong_shape", CURLE_OK, 200, "\"clientid\":{\"value\":", true},
      {"reset", CURLE_RECV_ERROR, 0, "", false},
      {"down", CURLE_OK, 503, "Service Unavailable", false},
  }));
  INFO(row.kind);
  order(running, {{"kind", row.kind}, {"action", "AddClient"}, {"next", 1}});
  const Reply reply = running.post_form(sign_up_form("fault@sample.example"));
  CHECK(reply.error == row.error);
  CHECK(reply.status == row.status);
  CHECK(reply.body.find(row.in_body) != std::string::npos);
  CHECK(has_client(running, "fault@sample.example") == row.writes);
  if (std::string(row.kind) == "truncated_json") CHECK_THROWS(json::parse(reply.body));

  const auto call =
      running.get("/control/whmcs/calls?action=addclient").json().at("calls").as_array().at(0).as_object();
  CHECK(call.at("fault") == row.kind);
  CHECK(call.at("applied") == row.writes);
  // "next": 1 is over
  const auto after = running.post_form(sign_up_form("after@sample.example"));
  CHECK(after.json().at("result") == "success");
}

TEST_CASE("an order may let some calls go well first") {
  const Running running;
  order(running, {{"kind", "down"}, {"action", "GetOrders"}, {"after", 2}, {"next", 1}});
  for (const int status : {200, 200, 503, 200}) CHECK(running.call("GetOrders").status == status);
}

TEST_CASE("an order may say whether the action is carried out") {
  const Running running;
  order(running, {{"kind", "http_500_html"}, {"action", "AddClient"}, {"applied", true}});
  CHECK(running.post_form(sign_up_form("kept@sample.example")).status == 500);
  CHECK(has_client(running, "kept@sample.example"));
}

TEST_CASE("applied_then_timeout writes once and never answers") {
  Running running;
  order(running, {{"kind", "applied_then_timeout"}, {"action", "AddClient"}, {"next", 1}, {"hold_ms", 1}});
  const Reply reply = running.post_form(sign_up_form("lost@sample.example"));
  CHECK(reply.error == CURLE_GOT_NOTHING);
  CHECK(has_client(running, "lost@sample.example"));
  CHECK(running.calls_of("AddClient") == 1);
  CHECK(running.post_form(sign_up_form("lost@sample.example")).json().at("message") ==
        "A user already exists with that email address");
}

TEST_CASE("a stalled call goes on when it is released") {
  Running running;
  order(running, {{"kind", "stall"}, {"action", "GetClients"}});
  auto caller = std::async(std::launch::async, [&] { return running.call("GetClients"); });
  wait_until_held(running, 1);
  CHECK(running.call("GetInvoices").status == 200);  // others are not held
  CHECK(running.get("/control").json().at("holding") == 1);
  CHECK(running.get("/control").json().at("whmcs").at("calls").at("in_flight") == 1);
  send("POST", running.url("/control/faults/release"));
  const Reply reply = caller.get();
  CHECK(reply.status == 200);
  CHECK(reply.json().at("totalresults") == 11);
}

TEST_CASE("a stalled call ends unanswered after its time, and unnoticed when the caller hangs up") {
  Running running;
  order(running, {{"kind", "stall"}, {"hold_ms", 1}, {"next", 1}});
  CHECK(running.post_form(sign_up_form("never@sample.example")).error == CURLE_GOT_NOTHING);
  CHECK_FALSE(has_client(running, "never@sample.example"));

  order(running, {{"kind", "stall"}, {"hold_ms", 600'000}, {"next", 1}});
  CHECK(running.post_form(sign_up_form("gone@sample.example"), 100).error == CURLE_OPERATION_TIMEDOUT);
  while (running.box().faults().holding() > 0) std::this_thread::yield();
  CHECK_FALSE(has_client(running, "gone@sample.example"));
}

TEST_CASE("the program ends although calls are held") {
  auto running = std::make_unique<Running>();
  order(*running, {{"kind", "stall"}, {"hold_ms", 600'000}});
  auto caller = std::async(std::launch::async, [&] { return running->call("GetClients"); });
  wait_until_held(*running, 1);
  running->box().stop();
  CHECK(caller.get().error != CURLE_OK);
}

TEST_CASE("chance is repeatable and probabilities are kept") {
  const auto pattern = [] {
    FaultBook book(7);
    book.add(FaultBook::read({{"vendor", "whmcs"}, {"kind", "down"}, {"probability", 0.3}}));
    std::string out;
    for (int i = 0; i < 1000; ++i)
      out += book.decide("whmcs", "getclients").kind == FaultKind::kDown ? 'x' : '.';
    return out;
  };
  const std::string first = pattern();
  CHECK(first == pattern());
  const auto spared = std::count(first.begin(), first.end(), '.');
  CHECK(spared > 600);
  CHECK(spared < 800);
}

TEST_CASE("latencies add up, other vendors and actions are left alone, the first kind wins") {
  FaultBook book(1);
  book.add(FaultBook::read({{"vendor", "whmcs"}, {"latency_ms", 10}}));
  book.add(
      FaultBook::read({{"vendor", "whmcs"}, {"action", "AddClient"}, {"kind", "reset"}, {"latency_ms", 5}}));
  book.add(FaultBook::read({{"vendor", "whmcs"}, {"kind", "down"}}));
  CHECK(book.decide("whmcs", "addclient").latency_ms == 15);
  CHECK(book.decide("whmcs", "addclient").kind == FaultKind::kReset);
  CHECK(book.decide("whmcs", "getclients").kind == FaultKind::kDown);
  CHECK(book.decide("mail", "data").kind == FaultKind::kNone);
}

TEST_CASE("an order that cannot be carried out is refused") {
  Running running;
  for (const auto* body : {"{\"vendor\":\"whmcs\",\"kind\":\"explode\"}", "{\"vendor\":\"bank\"}",
                           "{\"vendor\":\"whmcs\",\"latency\":1}", "{\"vendor\":\"whmcs\",\"probability\":2}",
                           "{\"vendor\":\"whmcs\",\"latency_ms\":\"1\"}", "[1]", "not json"}) {
    INFO(body);
    CHECK(send("PUT", running.url("/control/faults"), body).status == 400);
  }
  CHECK(running.get("/control/faults").json().at("faults").as_array().empty());
  CHECK(running.control("POST", "/control/faults", json::object{{"vendor", "whmcs"}, {"kind", "down"}})
            .status == 201);
  CHECK(running.call("GetClients").status == 503);
  CHECK(send("DELETE", running.url("/control/faults")).status == 200);
  CHECK(running.call("GetClients").status == 200);
}

TEST_CASE("browser pages fail with the vendor") {
  Running running;
  const auto url =
      std::string(running.ask("CreateSsoToken", {{"client_id", "101"}}).at("redirect_url").as_string());
  order(running, {{"kind", "down"}});
  CHECK(send("GET", url).status == 503);
  send("DELETE", running.url("/control/faults"));
  CHECK(send("GET", url).status == 302);
}

}  // namespace sandbox::testing
