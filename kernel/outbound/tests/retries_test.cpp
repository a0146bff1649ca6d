// Who is tried again and how often; the breaker in front of a real upstream.
#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <semaphore>
#include <string>
#include <vector>

#include "kernel/observe/health.hpp"
#include "kernel/outbound/tests/call_support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::test;
using namespace std::chrono_literals;

namespace {

kernel::observe::HealthState health_of(const std::string& name) {
  for (const auto& check : kernel::observe::health().checks()) {
    if (check.name == name) return check.state;
  }
  throw std::runtime_error("no health check " + name);
}

}  // namespace

TEST_CASE("a read is tried three times where trying again may help, everything else once") {
  struct Row {
    const char* rule;
    Kind kind;
    std::string first_replies;  // "" hangs up
    int requests;
    int status;  // 0: a problem
  };
  const std::vector<Row> rows{
      {"read, 503", Kind::read, reply(503), 3, 503},
      {"read, 502", Kind::read, reply(502), 3, 502},
      {"read, 504", Kind::read, reply(504), 3, 504},
      {"read, 429", Kind::read, reply(429), 3, 429},
      {"read, 500", Kind::read, reply(500), 1, 500},
      {"read, 404", Kind::read, reply(404), 1, 404},
      {"read, 200", Kind::read, reply(200), 1, 200},
      {"read, hung up", Kind::read, "", 3, 0},
      {"read, cut off", Kind::read, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", 3, 0},
      {"read, contradictory lengths", Kind::read,
       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 1\r\n\r\nx", 3, 0},
      {"read, too large", Kind::read, "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\nx", 1, 0},
      {"write, 503", Kind::write, reply(503), 1, 503},
      {"write, 429", Kind::write, reply(429), 1, 429},
      {"write, hung up", Kind::write, "", 1, 0},
      {"write, cut off", Kind::write, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", 1, 0},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    std::atomic<int> requests{0};
    ScriptedServer server([&](Connection& c) {
      if (c.read_request().empty()) return;
      ++requests;
      if (!row.first_replies.empty()) c.send(row.first_replies);
    });
    Outbound outbound(without_jitter());
    outbound.add(upstream_at(server));
    Request request = row.kind == Kind::read ? read_of() : write_of();
    const Result result = result_of(outbound, request);
    CHECK(requests == row.requests);
    const auto* response = std::get_if<Response>(&result);
    CHECK((response ? response->status : 0) == row.status);
    if (response) CHECK(response->attempts == row.requests);
  }
}

TEST_CASE("a read that works at the third attempt is a good answer") {
  std::atomic<int> requests{0};
  ScriptedServer server(answering([&](const std::string&) {
    switch (++requests) {
      case 1:
        return std::string();
      case 2:
        return reply(503);
      default:
        return reply(200, "there");
    }
  }));
  Outbound outbound(without_jitter());
  outbound.add(upstream_at(server));
  const Response response = outbound.call("test", read_of());
  CHECK(response.body == "there");
  CHECK(response.attempts == 3);
}

TEST_CASE("a write is sent once even where a kept connection dies under it") {
  std::atomic<int> writes{0};
  ScriptedServer server(answering([&](const std::string& request) {
    if (request.starts_with("GET")) return reply(200);  // leaves a connection to be reused
    ++writes;
    return std::string();
  }));
  Outbound outbound(without_jitter());
  outbound.add(upstream_at(server));
  outbound.call("test", read_of());
  const Result result = result_of(outbound, write_of());
  CHECK(code_of(result) == "upstream.unavailable");
  CHECK(std::get<CallProblem>(result).may_have_been_sent);
  CHECK(writes == 1);
}

TEST_CASE("a wait the upstream asks for is honoured, or the answer returned where there is no time for it") {
  std::atomic<int> requests{0};
  ScriptedServer server(answering([&](const std::string&) {
    ++requests;
    return reply(429, "", "Retry-After: 3600\r\n");
  }));
  Outbound outbound(without_jitter());
  outbound.add(upstream_at(server));
  const Response response = outbound.call("test", read_of());
  CHECK(response.status == 429);
  CHECK(requests == 1);
}

TEST_CASE("an upstream that is down gets few retries: the budget runs out") {
  std::atomic<int> requests{0};
  ScriptedServer server(answering([&](const std::string&) {
    ++requests;
    return reply(503);
  }));
  Outbound outbound(without_jitter());
  outbound.add(upstream_at(server));
  for (int i = 0; i < 50; ++i) CHECK(outbound.call("test", read_of()).status == 503);
  // Ten tokens, one a failure, none at or below five: two retries of the first call, one of the second.
  CHECK(requests == 53);
}

TEST_CASE("the breaker opens after 20 bad calls, probes after its pause and closes after three good ones") {
  std::atomic<bool> healthy{false};
  std::atomic<int> requests{0};
  ScriptedServer server(answering([&](const std::string&) {
    ++requests;
    return healthy ? reply(200) : reply(500);
  }));
  std::mutex mutex;
  Clock::time_point now{1'000'000s};
  Outbound::Options options;
  options.random = [] { return 0.5; };
  options.breaker_clock = [&] {
    const std::lock_guard lock(mutex);
    return now;
  };
  const auto advance = [&](Clock::duration by) {
    const std::lock_guard lock(mutex);
    now += by;
  };
  Outbound outbound(options);
  UpstreamSettings settings = upstream_at(server);
  settings.name = "broken";
  settings.breaker = {};
  settings.lanes["long_running"] = {};
  outbound.add(settings);
  const auto call = [&](const char* lane = "standard") {
    Request request = write_of();
    request.lane = lane;
    return result_of(outbound, request, "broken");
  };

  for (int i = 0; i < 20; ++i) CHECK(code_of(call()).empty());
  CHECK(outbound.stats().at(1).breaker == BreakerState::open);
  CHECK(health_of("upstream.broken") == kernel::observe::HealthState::failed);

  const Result refused = call();
  CHECK(code_of(refused) == "upstream.circuit_open");
  CHECK(std::get<CallProblem>(refused).status == 503);
  CHECK(std::get<CallProblem>(refused).retry_after_s == 5);
  CHECK(requests == 20);
  CHECK(code_of(call("long_running")).empty());  // another lane, another breaker
  CHECK(requests == 21);

  advance(5s);
  CHECK(code_of(call()).empty());  // a probe, still bad
  CHECK(requests == 22);
  const Result longer = call();
  CHECK(code_of(longer) == "upstream.circuit_open");
  CHECK(std::get<CallProblem>(longer).retry_after_s == 10);

  healthy = true;
  advance(10s);
  CHECK(code_of(call()).empty());
  CHECK(health_of("upstream.broken") == kernel::observe::HealthState::degraded);
  CHECK(code_of(call()).empty());
  CHECK(code_of(call()).empty());
  CHECK(outbound.stats().at(1).breaker == BreakerState::closed);
  CHECK(health_of("upstream.broken") == kernel::observe::HealthState::ok);
}

TEST_CASE("an upstream that answers well but slowly opens the breaker") {
  std::counting_semaphore<1> never{0};
  ScriptedServer server(answering([&](const std::string&) {
    static_cast<void>(never.try_acquire_for(2ms));  // what "slow" means below
    return reply(200);
  }));
  Outbound outbound(without_jitter());
  UpstreamSettings settings = upstream_at(server);
  settings.breaker = {};
  settings.breaker.slow_after = 1ms;
  outbound.add(settings);
  for (int i = 0; i < 20; ++i) CHECK(outbound.call("test", read_of()).status == 200);
  CHECK(code_of(result_of(outbound, read_of())) == "upstream.circuit_open");
}

TEST_CASE("a breaker that opens turns away what waits in the queue") {
  std::counting_semaphore<100> arrived{0};
  std::counting_semaphore<100> go{0};
  ScriptedServer server(answering([&](const std::string&) {
    arrived.release();
    go.acquire();
    return reply(500);
  }));
  Outbound outbound(without_jitter());
  UpstreamSettings settings = upstream_at(server);
  settings.lanes = {{"standard", {2, 10, 10s}}};
  settings.breaker.least_calls = 2;
  outbound.add(settings);
  std::vector<std::future<Result>> calls;
  for (int i = 0; i < 6; ++i) calls.push_back(begin(outbound, write_of()));
  for (int i = 0; i < 2; ++i) arrived.acquire();
  go.release(10);
  int replies = 0;
  int refused = 0;
  for (auto& call : calls) {
    const Result result = call.get();
    if (std::holds_alternative<Response>(result)) ++replies;
    if (code_of(result) == "upstream.circuit_open") ++refused;
  }
  CHECK(replies == 3);  // two, and the one that took the first one's place before the second failure
  CHECK(refused == 3);
}

TEST_CASE("replies that nobody can decode open the breaker, client errors do not") {
  ScriptedServer server(answering([](const std::string&) { return reply(404, "<html>"); }));
  Outbound outbound(without_jitter());
  UpstreamSettings settings = upstream_at(server);
  settings.breaker = {};
  outbound.add(settings);
  for (int i = 0; i < 30; ++i) CHECK(outbound.call("test", write_of()).status == 404);
  CHECK(outbound.stats().at(0).breaker == BreakerState::closed);
  for (int i = 0; i < 15; ++i) outbound.report_bad_reply("test");
  CHECK(outbound.stats().at(0).breaker == BreakerState::open);
  outbound.report_bad_reply("unknown");
}
