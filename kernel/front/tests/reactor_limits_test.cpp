// Deadlines and caps of the server, with settings small enough to meet them at once.
#include <catch2/catch.hpp>

#include "kernel/front/tests/front_fixture.hpp"

using namespace kernel::front;
using namespace kernel::front::test;
using namespace std::chrono_literals;

TEST_CASE("a head that trickles is answered 408 when its time is up, however lively the trickle") {
  FrontSettings settings = quick_settings();
  settings.head_deadline = 200ms;
  Server server(settings);
  RawClient client(server.front.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  // Every line restarts a per-read timeout; the deadline is for the whole head. Ends when the server closes.
  for (int i = 0; i < 50 && client.send("X-" + std::to_string(i) + ": 1\r\n"); ++i) {
  }
  const Answer answer = client.receive();
  CHECK(answer.status == 408);
  CHECK(answer.body == "http.head_timeout");
  CHECK(answer.has("Connection: close\r\n"));
}

TEST_CASE("a body slower than the floor is answered 408, a faster one is not") {
  FrontSettings settings = quick_settings();
  settings.rate_grace = 100ms;
  settings.min_rate = 1024 * 1024;
  Server server(settings);
  RawClient slow(server.front.port());
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  const Answer answer = slow.receive();
  CHECK(answer.status == 408);
  CHECK(answer.body == "http.body_timeout");
  RawClient quick(server.front.port());
  CHECK(quick.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").status == 200);
}

TEST_CASE("an idle connection is closed without a word") {
  FrontSettings settings = quick_settings();
  settings.idle_deadline = 100ms;
  Server server(settings);
  RawClient fresh(server.front.port());
  CHECK(fresh.at_end());
  RawClient used(server.front.port());
  CHECK(used.ask(get("/a")).status == 200);
  CHECK(used.at_end());
}

TEST_CASE("time spent in the handler is not the client's") {
  FrontSettings settings = quick_settings();
  settings.idle_deadline = 50ms;
  settings.head_deadline = 50ms;
  Server server(settings);
  RawClient waiting(server.front.port());
  waiting.send(get("/later"));
  Exchange exchange = server.shelf.take("/later");
  RawClient idle(server.front.port());
  CHECK(idle.at_end());  // by now the deadline has passed for the waiting one as well
  exchange.answer(text("still there"));
  CHECK(waiting.receive().body == "still there");
}

TEST_CASE("a reader that takes nothing is cut off") {
  FrontSettings settings = quick_settings();
  settings.send_grace = 100ms;
  Server server(settings);
  RawClient client(server.front.port(), 4096);
  client.send(get("/large"));
  const auto until = std::chrono::steady_clock::now() + 20s;
  const auto cut_off = [&] {
    return server.front.stats().requests == 1 && server.front.stats().connections == 0;
  };
  while (!cut_off() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  CHECK(cut_off());
  CHECK(server.front.stats().bytes_out < 1024 * 1024);  // neither here nor in the kernel's buffers
  CHECK(client.ends_by_reset());
}

TEST_CASE(
    "connections beyond the limits are told 429 or 503 and closed; a place that frees up is given away") {
  struct Row {
    std::string rule;
    std::size_t in_all, per_address;
    std::vector<std::string> uncounted;
    int status;
    std::string code;
  };
  const std::vector<Row> rows = {
      {"per address", 100, 2, {}, 429, "http.too_many_connections_of_address"},
      {"in all", 2, 100, {}, 503, "http.too_many_connections"},
      {"in all, also for proxies", 2, 1, {"127.0.0.1"}, 503, "http.too_many_connections"},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    FrontSettings settings = quick_settings();
    settings.max_connections = row.in_all;
    settings.max_connections_per_address = row.per_address;
    settings.uncounted_addresses = row.uncounted;
    Server server(settings);
    RawClient first(server.front.port());
    RawClient second(server.front.port());
    CHECK(first.ask(get("/1")).status == 200);
    CHECK(second.ask(get("/2")).status == 200);
    {
      RawClient third(server.front.port());
      const Answer answer = third.ask(get("/3"));
      CHECK(answer.status == row.status);
      CHECK(answer.body == row.code);
      CHECK(third.rest().empty());
    }
    second.close();
    int status = 0;
    for (int tries = 0; tries < 1000 && status != 200; ++tries) {
      RawClient again(server.front.port());
      status = again.ask(get("/4")).status;
    }
    CHECK(status == 200);
    CHECK(first.ask(get("/5")).status == 200);
  }
}
