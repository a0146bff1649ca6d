// Answers whose body is written in pieces: framing, order, back-pressure, and every way to end.
#include <catch2/catch.hpp>

#include "kernel/front/tests/pieces.hpp"

using namespace kernel::front;
using namespace kernel::front::test;
using namespace std::chrono_literals;
using Result = Outflow::Result;
using Kind = OutflowSettings::Kind;

namespace {

std::shared_ptr<Outflow> begin(Server& server, const std::string& path, OutflowSettings settings = {}) {
  return server.shelf.take(path).begin(head_of(), std::move(settings));
}

}  // namespace

TEST_CASE("a body written in pieces is framed as the client's version and the promised length ask for") {
  struct Row {
    const char* rule;
    const char* request;
    std::optional<std::uint64_t> length;
    const char* says;
    bool closes;
    const char* body;
  };
  for (const Row& row : {
           Row{"chunks",
               "GET /later HTTP/1.1\r\nHost: a\r\n\r\n",
               {},
               "Transfer-Encoding: chunked\r\n",
               false,
               "chunked"},
           Row{"a length", "GET /later HTTP/1.1\r\nHost: a\r\n\r\n", 10, "Content-Length: 10\r\n", false,
               "0123456789"},
           Row{"chunks before a close",
               "GET /later HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
               {},
               "Transfer-Encoding: chunked\r\n",
               true,
               "chunked"},
           Row{"HTTP/1.0 has no chunks",
               "GET /later HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
               {},
               "Connection: close\r\n",
               true,
               "0123456789"},
           Row{"HTTP/1.0 with a length stays",
               "GET /later HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", 10,
               "Content-Length: 10\r\n", false, "0123456789"},
           Row{"HEAD has the head alone", "HEAD /later HTTP/1.1\r\nHost: a\r\n\r\n", 10,
               "Content-Length: 10\r\n", false, ""},
       }) {
    INFO(row.rule);
    Server server;
    RawClient client(server.front.port());
    client.send(row.request);
    Signal ended;
    const auto flow = begin(server, "/later", {.length = row.length, .on_end = ended.hook()});
    const bool wanted = *row.body != '\0';
    if (wanted) {
      CHECK(flow->write("01234", patience()) == Result::fine);
      CHECK(flow->write("56789", patience()) == Result::fine);
      CHECK(flow->finish() == Result::fine);
      CHECK(flow->write("more", patience()) == Result::gone);
    } else {
      REQUIRE(ended.wait());
      CHECK(flow->write("01234", patience()) == Result::gone);
    }
    if (!row.closes) client.send(get("/next", "Connection: close\r\n"));
    const std::string all = client.rest();
    const auto head = all.substr(0, all.find("\r\n\r\n") + 4);
    CHECK(head.find(row.says) != std::string::npos);
    CHECK((head.find("Transfer-Encoding") == std::string::npos ||
           head.find("Content-Length") == std::string::npos));
    CHECK((head.find("Connection: close") != std::string::npos) == row.closes);
    auto body = body_of(all);
    if (!row.closes) {
      const auto next = body.find("HTTP/1.1 200");
      REQUIRE(next != std::string::npos);
      body.resize(next);
    }
    if (std::string(row.body) == "chunked") {
      const auto data = dechunk(body);
      REQUIRE(data);
      CHECK(*data == "0123456789");
    } else {
      CHECK(body == row.body);
    }
    REQUIRE(ended.wait());
    CHECK(ended.count() == 1);
  }
}

TEST_CASE("an end that is told after the last byte has gone out ends the answer") {
  for (const bool closes : {false, true}) {
    Server server;
    RawClient client(server.front.port());
    client.send(get("/later", closes ? "Connection: close\r\n" : ""));
    const auto flow = begin(server, "/later", {.length = 5});
    CHECK(flow->write("whole", patience()) == Result::fine);
    CHECK(receive_until(client, "whole").ends_with("whole"));
    CHECK(flow->finish() == Result::fine);
    if (closes) {
      CHECK(client.at_end());
    } else {
      CHECK(client.ask(get("/next")).body == "GET /next|");
    }
  }
}

TEST_CASE("a body that is cut ends by a reset, never like a whole one") {
  struct Row {
    const char* rule;
    const char* version;
    std::optional<std::uint64_t> length;
    std::function<void(Outflow&)> cut;
  };
  for (const Row& row : {
           Row{"aborted in chunks", "1.1", {}, [](Outflow& flow) { flow.abort(); }},
           Row{"aborted where only the close tells the end", "1.0", {}, [](Outflow& flow) { flow.abort(); }},
           Row{"aborted before its length", "1.1", 100, [](Outflow& flow) { flow.abort(); }},
           Row{"finished before its length", "1.1", 100,
               [](Outflow& flow) { CHECK(flow.finish() == Result::too_much); }},
           Row{"written past its length", "1.1", 6,
               [](Outflow& flow) { CHECK(flow.write("too much", patience()) == Result::too_much); }},
       }) {
    INFO(row.rule);
    Server server;
    RawClient client(server.front.port());
    client.send(std::string("GET /later HTTP/") + row.version + "\r\nHost: a\r\n\r\n");
    Signal ended;
    const auto flow = begin(server, "/later", {.length = row.length, .on_end = ended.hook()});
    CHECK(flow->write("begun", patience()) == Result::fine);
    CHECK(receive_until(client, "begun").find("begun") != std::string::npos);
    row.cut(*flow);
    CHECK(client.ends_by_reset());
    CHECK(ended.wait());
    CHECK(flow->write("more", patience()) == Result::gone);
    CHECK(ended.count() == 1);
  }
}

TEST_CASE("who writes waits for who reads, with no more memory than the window") {
  Server server;
  RawClient client(server.front.port(), 4096);
  client.send(get("/later"));
  const auto flow = begin(server, "/later");
  const std::size_t sum = fill(*flow);
  // The window, what the connection has taken out of it, and what the kernel holds for one socket.
  CHECK(sum < 2 * kDownloadWindow + 1024 * 1024);
  std::size_t taken = 1;
  while (flow->offer("y", taken) == Result::fine) {  // what a late turn of the loop has made room for
  }
  CHECK(taken == 0);
  CHECK(flow->offer_whole(std::string(kDownloadWindow, 'y')) == Result::full);
  Result written{}, finished{};
  std::thread writer([&] {
    written = flow->write("the end", patience());
    finished = flow->finish();
  });
  const std::string all = receive_until(client, "0\r\n\r\n");
  writer.join();
  CHECK(written == Result::fine);
  CHECK(finished == Result::fine);
  const auto data = dechunk(body_of(all));
  REQUIRE(data);
  CHECK(data->ends_with("the end"));
  CHECK(data->size() > sum);
}

TEST_CASE("who writes learns that the client has gone, waiting or not") {
  for (const bool waiting : {false, true}) {
    Server server;
    RawClient client(server.front.port(), 4096);
    client.send(get("/later"));
    Signal ended;
    const auto flow = begin(server, "/later", {.on_end = ended.hook()});
    if (waiting) fill(*flow);
    std::thread other([&] { client.reset(); });
    if (waiting) CHECK(flow->write(std::string(1024 * 1024, 'x'), patience()) == Result::gone);
    REQUIRE(ended.wait());
    CHECK(flow->write("x", patience()) == Result::gone);
    CHECK(flow->finish() == Result::gone);
    CHECK(ended.count() == 1);
    other.join();
  }
}

TEST_CASE("answers keep their order around a body that is written in pieces") {
  Server server;
  RawClient client(server.front.port());
  client.send(get("/later/1") + get("/later/2") + get("/a") +
              "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxy");
  const auto second = begin(server, "/later/2");  // before the first has its answer
  CHECK(second->write("two", patience()) == Result::fine);
  CHECK(second->finish() == Result::fine);
  const auto first = begin(server, "/later/1");
  CHECK(first->write("one", patience()) == Result::fine);
  CHECK(receive_until(client, "one").find("two") == std::string::npos);
  CHECK(first->finish() == Result::fine);
  const std::string all = client.rest();
  const auto two = all.find("two"), a = all.find("GET /a|"), b = all.find("POST /b|xy");
  CHECK(two < a);
  CHECK(a < b);
  CHECK(b != std::string::npos);
}

TEST_CASE("a reader that stops taking a body is cut off, however much it took before") {
  FrontSettings settings = quick_settings();
  settings.send_grace = 200ms;
  settings.min_rate = 64 * 1024;
  Server server(settings);
  RawClient client(server.front.port(), 4096);
  client.send(get("/later"));
  Signal ended;
  const auto flow = begin(server, "/later", {.on_end = ended.hook()});
  std::thread writer([&] {
    const std::string piece(64 * 1024, 'x');
    while (flow->write(piece, patience()) == Result::fine) {
    }
  });
  std::size_t taken = 0;
  while (taken < 16 * 1024 * 1024) taken += client.receive_some().size();
  CHECK(ended.wait());
  writer.join();
  CHECK(client.ends_by_reset());
}

TEST_CASE("a silent event stream sends comments, and what is sent goes out at once") {
  FrontSettings settings = quick_settings();
  settings.event_keep_alive = 40ms;
  settings.idle_deadline = 100ms;
  Server server(settings);
  RawClient client(server.front.port());
  client.send(get("/later"));
  const auto flow = begin(server, "/later", {.kind = Kind::events});
  CHECK(receive_until(client, "3\r\n:\n\n\r\n3\r\n:\n\n\r\n").ends_with("3\r\n:\n\n\r\n"));
  CHECK(flow->offer_whole("data: 1\n\n") == Result::fine);
  CHECK(receive_until(client, "data: 1\n\n").ends_with("9\r\ndata: 1\n\n\r\n"));
}

TEST_CASE("a drain ends event streams whole, and lets a download come to its end") {
  Server server;
  RawClient listener(server.front.port()), loader(server.front.port()), late(server.front.port());
  listener.send(get("/later/events"));
  loader.send(get("/later/file"));
  late.send(get("/later/late"));
  Signal ended;
  const auto events = begin(server, "/later/events", {.kind = Kind::events, .on_end = ended.hook()});
  CHECK(events->offer_whole("data: 1\n\n") == Result::fine);
  const auto file = begin(server, "/later/file");
  CHECK(file->write("half", patience()) == Result::fine);
  receive_until(loader, "half");
  Exchange waiting = server.shelf.take("/later/late");
  std::thread drain([&] { server.front.drain(20s); });
  const auto data = dechunk(body_of(listener.rest()));
  REQUIRE(data);
  CHECK(*data == "data: 1\n\n");
  CHECK(ended.wait());
  // One that begins now ends at once.
  const auto begun = waiting.begin(head_of(), {.kind = Kind::events});
  CHECK(dechunk(body_of(late.rest())) == "");
  CHECK(file->write("whole", patience()) == Result::fine);
  CHECK(file->finish() == Result::fine);
  CHECK(loader.rest().find("5\r\nwhole\r\n0\r\n\r\n") != std::string::npos);
  drain.join();
}

TEST_CASE("a listener that closes its side has left, one who loads a file may still read") {
  Server server;
  RawClient listener(server.front.port()), loader(server.front.port());
  listener.send(get("/later/events"));
  loader.send(get("/later/file"));
  Signal ended;
  const auto events = begin(server, "/later/events", {.kind = Kind::events, .on_end = ended.hook()});
  const auto file = begin(server, "/later/file");
  listener.finish_sending();
  loader.finish_sending();
  CHECK(ended.wait());
  CHECK(file->write("all of it", patience()) == Result::fine);
  CHECK(file->finish() == Result::fine);
  CHECK(dechunk(body_of(loader.rest())) == "all of it");
}

TEST_CASE("a front that goes away, or never sends the head, leaves no writer waiting") {
  Signal ended, unsendable, behind;
  std::shared_ptr<Outflow> flow, never;
  {
    Server server;
    RawClient client(server.front.port(), 4096);
    client.send(get("/later") + get("/later/behind"));
    never = begin(server, "/later/behind", {.on_end = behind.hook()});
    flow = begin(server, "/later", {.on_end = ended.hook()});
    RawClient other(server.front.port());
    other.send(get("/later/evil"));
    Response evil;
    evil.headers.add("X-Evil", "a\r\nX-B: b");
    const auto refused = server.shelf.take("/later/evil").begin(evil, {.on_end = unsendable.hook()});
    CHECK(other.receive().status == 500);
    CHECK(unsendable.wait());
    CHECK(refused->write("x", patience()) == Result::gone);
    fill(*flow);
  }
  CHECK(ended.count() == 1);
  CHECK(behind.count() == 1);
  CHECK(flow->write("x", patience()) == Result::gone);
  CHECK(never->write("x", patience()) == Result::gone);
}

TEST_CASE("a request that changes something and comes behind others is answered when it is the last") {
  Server server;
  RawClient client(server.front.port());
  client.send(get("/later") +
              "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxy");
  server.shelf.take("/later").answer(text("first"));
  CHECK(client.receive().body == "first");
  CHECK(client.receive().body == "POST /b|xy");
}

TEST_CASE(
    "who waits for the client's leaving is told once, at once where it has left, and never after the answer") {
  Server server;
  Signal told, late, answered;
  {
    RawClient client(server.front.port());
    client.send(get("/later/1"));
    Exchange exchange = server.shelf.take("/later/1");
    exchange.on_cancel(told.hook());
    CHECK(told.count() == 0);
    client.finish_sending();
    CHECK(told.wait());
    exchange.answer(text("still welcome"));
    CHECK(client.receive().body == "still welcome");
  }
  {
    RawClient client(server.front.port());
    client.send(get("/later/2"));
    Exchange exchange = server.shelf.take("/later/2");
    Signal gone;
    client.reset();
    while (!exchange.cancelled()) std::this_thread::yield();
    exchange.on_cancel(late.hook());
    CHECK(late.count() == 1);
  }
  {
    RawClient client(server.front.port());
    client.send(get("/later/3"));
    Exchange exchange = server.shelf.take("/later/3");
    exchange.on_cancel(answered.hook());
    exchange.answer(text("done"));
    CHECK(client.receive().body == "done");
    client.reset();
    RawClient other(server.front.port());
    CHECK(other.ask(get("/a")).status == 200);
  }
  server.front.stop();
  CHECK(told.count() == 1);
  CHECK(answered.count() == 0);
}
