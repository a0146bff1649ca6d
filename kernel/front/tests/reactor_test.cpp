// The server over real sockets: order, keep-alive, bodies, threads, ends.
#include "kernel/front/reactor.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>
#include <thread>

#include "kernel/front/tests/framing_probes.hpp"
#include "kernel/front/tests/front_fixture.hpp"
#include "kernel/observe/metrics.hpp"

using namespace kernel::front;
using namespace kernel::front::test;
using namespace std::chrono_literals;

namespace {

// For states that change on another thread a moment later; the deadline only bounds a failing test.
template <class Condition>
bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("a thousand requests in a row use one connection") {
  Server server;
  RawClient client(server.front.port());
  for (int i = 0; i < 1000; ++i) {
    const std::string path = "/n/" + std::to_string(i);
    const Answer answer = client.ask(get(path));
    REQUIRE(answer.status == 200);
    REQUIRE(answer.body == "GET " + path + "|");
    REQUIRE_FALSE(answer.has("Connection:"));
  }
  const FrontStats stats = server.front.stats();
  CHECK(stats.accepted == 1);
  CHECK(stats.requests == 1000);
  CHECK(stats.in_flight == 0);
}

TEST_CASE("pipelined requests are answered in order, also when their answers come in another") {
  Server server;
  RawClient client(server.front.port());
  client.send(get("/later/1") + get("/now/2") + get("/later/3") + get("/now/4"));
  Exchange third = server.shelf.take("/later/3");
  std::thread([&] { third.answer(text("three")); }).join();
  std::thread([&] { server.shelf.take("/later/1").answer(text("one")); }).join();
  CHECK(client.receive().body == "one");
  CHECK(client.receive().body == "GET /now/2|");
  CHECK(client.receive().body == "three");
  CHECK(client.receive().body == "GET /now/4|");
}

TEST_CASE(
    "a pipelined request that changes something waits for those before it and holds back those behind it") {
  Server server;
  RawClient client(server.front.port());
  client.send(get("/later/1") + "POST /later/2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx" +
              get("/later/3"));
  Exchange first = server.shelf.take("/later/1");
  CHECK_FALSE(server.shelf.has("/later/2"));
  first.answer(text("one"));
  Exchange second = server.shelf.take("/later/2");
  CHECK(second.request().body == "x");
  CHECK_FALSE(server.shelf.has("/later/3"));
  second.answer(text("two"));
  server.shelf.take("/later/3").answer(text("three"));
  CHECK(client.receive().body == "one");
  CHECK(client.receive().body == "two");
  CHECK(client.receive().body == "three");
}

TEST_CASE("no more requests of one connection are in the host than the limit says, and none is lost") {
  FrontSettings settings = quick_settings();
  settings.max_pipelined = 4;
  Server server(settings);
  RawClient client(server.front.port());
  std::string burst;
  for (int i = 0; i < 200; ++i) burst += get("/later/" + std::to_string(i));
  client.send(burst);
  for (int i = 0; i < 200; ++i) {
    Exchange exchange = server.shelf.take("/later/" + std::to_string(i));
    CHECK(server.front.stats().in_flight <= 4);
    exchange.answer(text(std::to_string(i)));
  }
  for (int i = 0; i < 200; ++i) REQUIRE(client.receive().body == std::to_string(i));
}

TEST_CASE("a burst of pipelined requests answered at once comes back whole") {
  Server server;
  RawClient client(server.front.port());
  std::string burst;
  for (int i = 0; i < 3000; ++i) burst += get("/p/" + std::to_string(i));
  std::thread sender([&] { client.send(burst); });
  bool in_order = true;
  for (int i = 0; i < 3000 && in_order; ++i)
    in_order = client.receive().body == "GET /p/" + std::to_string(i) + "|";
  CHECK(in_order);
  sender.join();
}

TEST_CASE("HEAD, 204 and 304 carry no body") {
  Server server;
  RawClient client(server.front.port());
  const Answer head = client.ask("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", true);
  CHECK(head.status == 200);
  CHECK(head.has("Content-Length: 8\r\n"));
  const Answer none = client.ask(get("/no-content"));
  CHECK(none.status == 204);
  CHECK_FALSE(none.has("Content-Length"));
  const Answer unchanged = client.ask(get("/not-modified"));
  CHECK(unchanged.status == 304);
  CHECK_FALSE(unchanged.has("Content-Length"));
  CHECK(client.ask(get("/y")).body == "GET /y|");
}

TEST_CASE("bodies arrive whole, counted or chunked, and what follows is the next request") {
  Server server;
  RawClient client(server.front.port());
  const std::string body(200'000, 'b');
  CHECK(client.ask("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + body).body ==
        "POST /a|" + body);
  client.send("PUT /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  CHECK(client.ask("6\r\n world\r\n0\r\n\r\n" + get("/c")).body == "PUT /b|hello world");
  CHECK(client.receive().body == "GET /c|");
}

TEST_CASE(
    "a client that expects 100 Continue gets it before its body, and 413 instead when the body is too "
    "large") {
  Server server;
  RawClient client(server.front.port());
  const std::string fields = "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ";
  CHECK(client.ask(fields + "3\r\n\r\n").status == 100);
  CHECK(client.ask("abc").body == "POST /a|abc");
  CHECK(client.ask(fields + "999999\r\n\r\n").status == 413);
  CHECK(client.at_end());
}

TEST_CASE("100 Continue does not overtake an earlier answer") {
  Server server;
  RawClient client(server.front.port());
  client.send(get("/later/1") +
              "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  server.shelf.take("/later/1").answer(text("one"));
  CHECK(client.receive().body == "one");
  CHECK(client.receive().status == 100);
  CHECK(client.ask("abc").body == "POST /a|abc");
}

TEST_CASE("an answer before the body was read closes, and reaches a client that is still sending") {
  Server server(quick_settings(), [](const Head&) { return std::uint64_t{10}; });
  RawClient client(server.front.port());
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  client.send(std::string(1'000'000, 'x'));
  const Answer answer = client.receive();
  CHECK(answer.status == 413);
  CHECK(answer.has("Connection: close\r\n"));
  CHECK(answer.body == "http.body_too_large");
}

TEST_CASE(
    "the probes get their answers over a socket, and the request behind a refused one is never answered") {
  Server server;
  for (const Probe& probe : probes()) {
    INFO(probe.name);
    RawClient client(server.front.port());
    client.send(probe.bytes);
    if (probe.then_close) {
      client.finish_sending();
    } else {
      client.send(kCanary);
    }
    const Answer answer = client.receive();
    CHECK(answer.status == probe.status);
    if (probe.status == 200) {
      CHECK(answer.body == "POST /a|" + probe.body);
      CHECK(client.receive().body == "GET /canary|");
    } else {
      CHECK(answer.has("Connection: close\r\n"));
      CHECK(client.rest().empty());
    }
  }
}

TEST_CASE("the connection closes when either side says so") {
  Server server;
  {
    RawClient client(server.front.port());
    CHECK(client.ask(get("/a", "Connection: close\r\n") + get("/b")).has("Connection: close\r\n"));
    CHECK(client.at_end());
  }
  {
    RawClient client(server.front.port());
    CHECK(client.ask(get("/close")).has("Connection: close\r\n"));
    CHECK(client.at_end());
  }
  {
    RawClient client(server.front.port());
    CHECK(client.ask("GET /a HTTP/1.0\r\nHost: a\r\n\r\n").has("Connection: close\r\n"));
    CHECK(client.at_end());
  }
  {
    RawClient client(server.front.port());
    const std::string request = "GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
    CHECK(client.ask(request).has("Connection: keep-alive\r\n"));
    CHECK(client.ask(request).status == 200);
  }
}

TEST_CASE("a handler that throws, drops its request or splits its answer costs a 500 and nothing more") {
  Server server;
  RawClient client(server.front.port());
  for (const char* path : {"/throw", "/drop", "/split"}) {
    INFO(path);
    const Answer answer = client.ask(get(path));
    CHECK(answer.status == 500);
    CHECK(answer.body == "http.no_answer");
    CHECK_FALSE(answer.has("X-B"));
  }
  CHECK(client.ask(get("/fine")).status == 200);
  client.send(get("/later/dropped"));
  { Exchange dropped = server.shelf.take("/later/dropped"); }
  CHECK(client.receive().status == 500);
}

TEST_CASE("a second answer to the same request is ignored") {
  Server server;
  RawClient client(server.front.port());
  client.send(get("/later"));
  Exchange exchange = server.shelf.take("/later");
  exchange.answer(text("first"));
  exchange.answer(text("second"));
  CHECK(client.receive().body == "first");
  CHECK(client.ask(get("/next")).body == "GET /next|");
}

TEST_CASE("a request whose client has gone is cancelled, and its answer goes nowhere") {
  Server server;
  for (const bool hard : {false, true}) {
    RawClient client(server.front.port());
    client.send(get("/later"));
    Exchange exchange = server.shelf.take("/later");
    CHECK_FALSE(exchange.cancelled());
    if (hard) {
      client.reset();
    } else {
      client.close();
    }
    CHECK(eventually([&] { return exchange.cancelled(); }));
    exchange.answer(text("too late"));
  }
  CHECK(eventually(
      [&] { return server.front.stats().connections == 0 && server.front.stats().in_flight == 0; }));
}

TEST_CASE("a client that closes its sending side still gets its answers") {
  Server server;
  RawClient client(server.front.port());
  client.send(get("/later/1") + get("/2"));
  client.finish_sending();
  server.shelf.take("/later/1").answer(text("one"));
  CHECK(client.receive().body == "one");
  CHECK(client.receive().body == "GET /2|");
  CHECK(client.at_end());
}

TEST_CASE("many clients at once, answered from worker threads, each get their own answers") {
  Server server;
  constexpr int kClients = 8;
  constexpr int kRequests = 200;
  std::atomic<int> right{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      RawClient client(server.front.port());
      for (int i = 0; i < kRequests; ++i) {
        const std::string path = "/later/" + std::to_string(c) + "/" + std::to_string(i);
        client.send(get(path) + get("/now/" + std::to_string(c)));
        if (client.receive().body == path && client.receive().body == "GET /now/" + std::to_string(c) + "|")
          ++right;
      }
    });
  }
  std::vector<std::thread> workers;
  for (int c = 0; c < kClients; ++c) {
    workers.emplace_back([&, c] {
      for (int i = 0; i < kRequests; ++i) {
        const std::string path = "/later/" + std::to_string(c) + "/" + std::to_string(i);
        server.shelf.take(path).answer(text(path));
      }
    });
  }
  for (auto& thread : clients) thread.join();
  for (auto& thread : workers) thread.join();
  CHECK(right == kClients * kRequests);
}

TEST_CASE("a slow reader gets a large answer whole while others are served") {
  Server server;
  RawClient slow(server.front.port(), 4096);
  slow.send(get("/large") + get("/after"));
  RawClient other(server.front.port());
  for (int i = 0; i < 50; ++i) REQUIRE(other.ask(get("/quick")).status == 200);
  CHECK(slow.receive().body == std::string(8 * 1024 * 1024, 'L'));
  CHECK(slow.receive().body == "GET /after|");
}

TEST_CASE("drain lets what is in flight finish, says close, and refuses new connections") {
  Server server;
  const auto port = server.front.port();
  RawClient busy(port);
  RawClient idle(port);
  CHECK(idle.ask(get("/a")).status == 200);
  busy.send(get("/later"));
  Exchange exchange = server.shelf.take("/later");
  std::thread drain([&] { server.front.drain(20s); });
  CHECK(idle.at_end());
  exchange.answer(text("done"));
  const Answer answer = busy.receive();
  CHECK(answer.body == "done");
  CHECK(answer.has("Connection: close\r\n"));
  CHECK(busy.at_end());
  drain.join();
  CHECK(server.front.stats().connections == 0);
  const int late = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(late, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0);
  ::close(late);
}

TEST_CASE("an exchange may outlive the front, and stop may come twice or first") {
  Shelf kept;
  {
    Front front(
        quick_settings(), [&](Exchange exchange) { kept.put(std::move(exchange)); }, {}, render);
    front.stop();
  }
  {
    Front front(
        quick_settings(), [&](Exchange exchange) { kept.put(std::move(exchange)); }, {}, render);
    front.start();
    RawClient client(front.port());
    client.send(get("/kept"));
    Exchange exchange = kept.take("/kept");
    front.stop();
    front.stop();
    CHECK(exchange.cancelled());
    CHECK(client.at_end());
    kept.put(std::move(exchange));
  }
  kept.take("/kept").answer(text("nobody listens"));
}

TEST_CASE("a taken port is a problem at start") {
  Server first;
  FrontSettings settings = quick_settings();
  settings.port = first.front.port();
  Front second(
      settings, [](Exchange) {}, {}, render);
  CHECK_THROWS_AS(second.start(), portico::Problem);
  settings.address = "not an address";
  Front third(
      settings, [](Exchange) {}, {}, render);
  CHECK_THROWS_AS(third.start(), portico::Problem);
}

TEST_CASE("the front counts connections, bytes and refusals") {
  auto& refused =
      kernel::observe::counter("portico_http_refused_total", "", {{"code", "http.malformed_host"}});
  auto& open = kernel::observe::gauge("portico_http_connections", "");
  auto& sent = kernel::observe::counter("portico_http_sent_bytes_total", "");
  const double refused_before = refused.value();
  const double open_before = open.value();
  const double sent_before = sent.value();
  Server server;
  RawClient client(server.front.port());
  CHECK(client.ask(get("/a")).status == 200);
  CHECK(eventually([&] { return open.value() == open_before + 1; }));
  CHECK(client.ask("GET / HTTP/1.1\r\n\r\n").status == 400);
  CHECK(eventually([&] { return refused.value() == refused_before + 1; }));
  CHECK(eventually([&] { return sent.value() > sent_before; }));
  client.close();
  CHECK(eventually([&] { return open.value() == open_before; }));
  CHECK(server.front.stats().refused == 1);
}
