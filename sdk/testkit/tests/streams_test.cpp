// Answers in pieces, answers that come later, and bodies that are read in pieces.
#include <thread>

#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

TEST_CASE("an event stream: sent, published by topic, left, cut off") {
  TestHost host;
  std::optional<EventStream> kept;
  Host* inside = nullptr;
  start(host, [&](Host& h) {
    inside = &h;
    h.routes()
        .events("/live",
                [&](const Request& rq, EventStream stream) {
                  stream.subscribe("news");
                  stream.send({"hello " + std::string(rq.last_event_id()), "greeting", "1"});
                  kept = stream;
                })
        .access(Access::anyone);
  });
  Browser browser;
  browser.headers = {{"Last-Event-ID", "7"}};
  const auto reply = host.send(browser, "GET", "/live");
  CHECK(reply.status == 200);
  CHECK(reply.header("Content-Type") == "text/event-stream");
  CHECK(inside->streams().publish("news", {"all"}) == 1);
  CHECK(inside->streams().publish("other", {"none"}) == 0);
  auto seen = host.streamed(reply);
  REQUIRE(seen.events.size() == 2);
  CHECK(seen.events[0].data == "hello 7");
  CHECK(seen.events[0].id == "1");
  CHECK(seen.events[1].data == "all");
  host.leave(reply);
  CHECK_FALSE(kept->send({"late"}));
  const auto second = host.send(browser, "GET", "/live");
  host.clients_slow(true);
  CHECK_FALSE(kept->send({"too much"}));
  CHECK(host.streamed(second).cut);
}

TEST_CASE("a download is whole, or it is cut") {
  struct Row {
    const char* rule;
    std::function<void(Download&)> write;
    std::optional<std::uint64_t> length;
    const char* body;
    bool cut;
  };
  const Row rows[] = {
      {"whole", [](Download& d) { d.write("one "), d.write("two"), d.finish(); }, std::nullopt, "one two",
       false},
      {"as long as it said", [](Download& d) { d.write("four"), d.finish(); }, 4, "four", false},
      {"never finished", [](Download& d) { d.write("half"); }, std::nullopt, "half", true},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    TestHost host;
    start(host, [&](Host& h) {
      h.routes()
          .get("/file",
               [&](const Request& rq) {
                 auto download = rq.download({200, "text/plain", {}, {}}, row.length);
                 row.write(download);
                 return handled;
               })
          .access(Access::anyone);
    });
    const auto reply = host.get("/file");
    CHECK(reply.status == 200);
    CHECK(reply.body == row.body);
    CHECK(reply.cut == row.cut);
  }
}

TEST_CASE("less or more than was said cuts the download") {
  for (const char* text : {"abc", "abcde"}) {
    INFO(text);
    TestHost host;
    start(host, [&](Host& h) {
      h.routes()
          .get("/file",
               [&](const Request& rq) {
                 auto download = rq.download({200, "text/plain", {}, {}}, 4);
                 try {
                   download.write(text);
                   download.finish();
                 } catch (const Problem&) {
                 }
                 return handled;
               })
          .access(Access::anyone);
    });
    CHECK(host.get("/file").cut);
  }
}

TEST_CASE("a body that is read in pieces") {
  TestHost host;
  start(host, [](Host& h) {
    h.routes()
        .post("/up",
              [](const Request& rq) {
                CHECK(rq.body().empty());
                std::string all;
                char piece[10'000];
                int reads = 0;
                while (const auto got = rq.read(piece, sizeof piece)) all.append(piece, got), ++reads;
                return Greeting{std::to_string(all.size()) + " in " + std::to_string(reads)};
              })
        .access(Access::anyone)
        .streamed_body();
  });
  const Sent sent{"POST", "/up", std::string(10'000, 'x'), "text/plain", {}};
  CHECK(host.send(host.browser, sent).as<Greeting>().message == "10000 in 3");
  host.clients_gone(true);
  CHECK(host.send(host.browser, sent).code == "http.incomplete_body");
}

TEST_CASE("an answer later: given by another thread, dropped, or asked to end because the client has gone") {
  TestHost host;
  std::thread worker;
  std::string told;
  start(host, [&](Host& h) {
    h.routes()
        .get("/later",
             [&](const Request& rq) {
               worker = std::thread(
                   [later = std::make_shared<Later>(rq.later())] { later->answer(Greeting{"at last"}); });
               return handled;
             })
        .access(Access::anyone);
    h.routes()
        .get("/dropped",
             [](const Request& rq) {
               const auto later = rq.later();
               return handled;
             })
        .access(Access::anyone);
    h.routes()
        .get("/gone",
             [&](const Request& rq) {
               auto later = std::make_shared<Later>(rq.later());
               later->on_cancel([&told, later] {
                 told = "cancelled";
                 later->fail(Problem(503, "acme.gone"));
               });
               return handled;
             })
        .access(Access::anyone);
  });
  CHECK(host.get("/later").as<Greeting>().message == "at last");
  worker.join();
  CHECK(host.get("/dropped").status == 500);
  host.clients_gone(true);
  CHECK(host.get("/gone").code == "acme.gone");
  CHECK(told == "cancelled");
}
