// Requests whose body is read in pieces: when it is let in, back-pressure, and every way it fails.
#include <catch2/catch.hpp>

#include "kernel/front/tests/pieces.hpp"

using namespace kernel::front;
using namespace kernel::front::test;
using namespace std::chrono_literals;
using Result = Inflow::Result;

namespace {

std::string put(const std::string& path, const std::string& fields, const std::string& body = "") {
  return "PUT " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

bool is_upload(const Head& head) {
  return head.path.starts_with("/later/up");
}

struct UploadServer : Server {
  explicit UploadServer(FrontSettings settings = quick_settings(), std::uint64_t limit = 1u << 30)
      : Server(
            std::move(settings), [limit](const Head&) { return limit; }, {}, is_upload) {}
};

/// Everything until the end; `result` says which.
std::string read_all(Inflow& flow, Result& result) {
  std::string all;
  char bytes[4096];
  for (;;) {
    std::size_t got = 0;
    result = flow.read(bytes, sizeof bytes, patience(), got);
    if (result != Result::some) return all;
    all.append(bytes, got);
  }
}

}  // namespace

TEST_CASE("a body is read in pieces as it comes, and the connection serves the next request") {
  for (const bool chunked : {false, true}) {
    UploadServer server;
    RawClient client(server.front.port());
    client.send(put("/later/up", chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 10\r\n"));
    Exchange exchange = server.shelf.take("/later/up");
    CHECK(exchange.request().body.empty());
    const auto flow = exchange.inflow();
    REQUIRE(flow);
    client.send(chunked ? "5\r\n01234\r\n" : "01234");
    char bytes[64];
    std::size_t got = 0;
    std::string seen;
    while (seen.size() < 5) {
      REQUIRE(flow->read(bytes, sizeof bytes, patience(), got) == Result::some);
      seen.append(bytes, got);
    }
    CHECK(seen == "01234");
    CHECK(flow->read(bytes, sizeof bytes, std::chrono::steady_clock::now(), got) == Result::late);
    client.send((chunked ? "5\r\n56789\r\n0\r\n\r\n" : "56789") + get("/next"));
    Result result{};
    CHECK(read_all(*flow, result) == "56789");
    CHECK(result == Result::complete);
    exchange.answer(text("got it"));
    const auto answer = client.receive();
    CHECK(answer.body == "got it");
    CHECK(!answer.has("Connection: close"));
    CHECK(client.receive().body == "GET /next|");
  }
}

TEST_CASE("a request without a body has none to be read") {
  UploadServer server;
  RawClient client(server.front.port());
  client.send(put("/later/up", "Content-Length: 0\r\n"));
  Exchange exchange = server.shelf.take("/later/up");
  CHECK(!exchange.inflow());
  exchange.answer(text("empty"));
  CHECK(client.receive().body == "empty");
}

TEST_CASE("100 Continue is sent when somebody begins to read, and not to who is refused before") {
  UploadServer server;
  {
    RawClient client(server.front.port());
    client.send(put("/later/up", "Content-Length: 3\r\nExpect: 100-continue\r\n"));
    Exchange exchange = server.shelf.take("/later/up");
    std::thread reader([&] {
      Result result{};
      const auto all = read_all(*exchange.inflow(), result);
      exchange.answer(text(result == Result::complete ? all : "failed"));
    });
    CHECK(client.receive(true).status == 100);
    client.send("abc");
    CHECK(client.receive().body == "abc");
    reader.join();
    // The next one is asked to continue as well.
    client.send(put("/whole", "Content-Length: 3\r\nExpect: 100-continue\r\n"));
    CHECK(client.receive(true).status == 100);
    client.send("xyz");
    CHECK(client.receive().body == "PUT /whole|xyz");
  }
  {
    RawClient client(server.front.port());
    client.send(put("/later/up", "Content-Length: 3\r\nExpect: 100-continue\r\n"));
    Exchange exchange = server.shelf.take("/later/up");
    exchange.answer(text("no", 401));
    const auto answer = client.receive();
    CHECK(answer.status == 401);
    CHECK(answer.has("Connection: close\r\n"));
    CHECK(client.at_end());
  }
}

TEST_CASE(
    "nothing is read before somebody asks for it, and no more than the window before somebody takes it") {
  UploadServer server;
  RawClient client(server.front.port());
  constexpr std::size_t kSize = 16 * 1024 * 1024;
  client.send(put("/later/up", "Content-Length: " + std::to_string(kSize) + "\r\n"));
  Exchange exchange = server.shelf.take("/later/up");
  const auto flow = exchange.inflow();
  std::thread sender([&] { client.send(std::string(kSize, 'u')); });
  const auto before = server.front.stats().bytes_in;
  CHECK(before < 128 * 1024);
  char byte = 0;
  std::size_t got = 0;
  REQUIRE(flow->read(&byte, 1, patience(), got) == Result::some);
  // Another connection's answers show that the loops had their turns.
  RawClient other(server.front.port());
  for (int i = 0; i < 50; ++i) CHECK(other.ask(get("/a")).status == 200);
  CHECK(server.front.stats().bytes_in < kUploadWindow + 256 * 1024);
  Result result{};
  CHECK(read_all(*flow, result).size() == kSize - 1);
  CHECK(result == Result::complete);
  sender.join();
  exchange.answer(text("all"));
  CHECK(client.receive().body == "all");
}

TEST_CASE("who reads and who sends both learn why a body fails") {
  FrontSettings settings = quick_settings();
  settings.rate_grace = 100ms;
  settings.min_rate = 1024 * 1024;
  struct Row {
    const char* rule;
    const char* fields;
    const char* body;
    bool then_end;
    Refusal failure;
    int status;
  };
  for (const Row& row : {
           Row{"too slow", "Content-Length: 10\r\n", "abc", false, Refusal::body_timeout, 408},
           Row{"cut short", "Content-Length: 10\r\n", "abc", true, Refusal::truncated, 400},
           Row{"cut short in chunks", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n", true,
               Refusal::truncated, 400},
           Row{"no chunk", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\nzz\r\n", false,
               Refusal::malformed_chunk, 400},
           Row{"more than the limit", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n40\r\n", false,
               Refusal::body_too_large, 413},
       }) {
    INFO(row.rule);
    UploadServer server(settings, 50);
    RawClient client(server.front.port());
    client.send(put("/later/up", row.fields, row.body));
    if (row.then_end) client.finish_sending();
    Exchange exchange = server.shelf.take("/later/up");
    Result result{};
    read_all(*exchange.inflow(), result);
    CHECK(result == Result::failed);
    CHECK(exchange.inflow()->failure() == row.failure);
    const auto answer = client.receive();
    CHECK(answer.status == row.status);
    CHECK(answer.has("Connection: close\r\n"));
    exchange.answer(text("nobody hears this"));
    CHECK(client.at_end());
  }
}

TEST_CASE("a counted body over the limit is refused before anybody is called") {
  UploadServer server(quick_settings(), 50);
  RawClient client(server.front.port());
  CHECK(client.ask(put("/later/up", "Content-Length: 51\r\n")).status == 413);
  CHECK(!server.shelf.has("/later/up"));
}

TEST_CASE("an answer before the body was read closes the connection, and the reader hears of it") {
  UploadServer server;
  RawClient client(server.front.port());
  client.send(put("/later/up", "Content-Length: 1000000\r\n", std::string(1000, 'x')));
  Exchange exchange = server.shelf.take("/later/up");
  const auto flow = exchange.inflow();
  char bytes[10];
  std::size_t got = 0;
  REQUIRE(flow->read(bytes, sizeof bytes, patience(), got) == Result::some);
  exchange.answer(text("enough", 422));
  const auto answer = client.receive();
  CHECK(answer.status == 422);
  CHECK(answer.has("Connection: close\r\n"));
  Result result{};
  read_all(*flow, result);
  CHECK(result == Result::failed);
}

TEST_CASE("the time in which nobody reads is not the client's") {
  FrontSettings settings = quick_settings();
  settings.rate_grace = 100ms;
  settings.min_rate = 1024 * 1024;
  UploadServer server(settings);
  RawClient client(server.front.port()), slow(server.front.port());
  client.send(put("/later/up", "Content-Length: 3\r\n"));
  Exchange exchange = server.shelf.take("/later/up");
  slow.send(put("/whole", "Content-Length: 10\r\n", "abc"));
  CHECK(slow.receive().status == 408);  // by now the time would be over for the other as well
  client.send("abc");
  Result result{};
  CHECK(read_all(*exchange.inflow(), result) == "abc");
  CHECK(result == Result::complete);
  exchange.answer(text("fine"));
  CHECK(client.receive().body == "fine");
}

TEST_CASE("an upload behind other requests waits for their answers") {
  UploadServer server;
  RawClient client(server.front.port());
  client.send(get("/later/first") + put("/later/up", "Content-Length: 3\r\n", "abc") + get("/next"));
  Exchange first = server.shelf.take("/later/first");
  CHECK(!server.shelf.has("/later/up"));
  first.answer(text("first"));
  CHECK(client.receive().body == "first");
  Exchange upload = server.shelf.take("/later/up");
  Result result{};
  CHECK(read_all(*upload.inflow(), result) == "abc");
  upload.answer(text("second"));
  CHECK(client.receive().body == "second");
  CHECK(client.receive().body == "GET /next|");
}

TEST_CASE("an answer may be written in pieces while the body is being read") {
  UploadServer server;
  RawClient client(server.front.port());
  client.send(put("/later/up", "Content-Length: 8\r\n", "half"));
  Exchange exchange = server.shelf.take("/later/up");
  const auto in = exchange.inflow();
  const auto out = exchange.begin(head_of(), {});
  char bytes[64];
  for (std::size_t sum = 0, got = 0; sum < 8; sum += got) {
    REQUIRE(in->read(bytes, sizeof bytes, patience(), got) == Result::some);
    CHECK(out->write({bytes, got}, patience()) == Outflow::Result::fine);
    if (sum == 0) client.send("rest");
  }
  CHECK(out->finish() == Outflow::Result::fine);
  const auto all = client.rest();
  CHECK(all.find("Connection: close\r\n") != std::string::npos);  // it began before the request had ended
  CHECK(dechunk(body_of(all)) == "halfrest");
}

TEST_CASE("a reader is not left waiting when the client or the front goes away") {
  std::shared_ptr<Inflow> flow;
  std::optional<Exchange> kept;
  {
    UploadServer server;
    RawClient gone(server.front.port()), stays(server.front.port());
    gone.send(put("/later/up/1", "Content-Length: 8\r\n", "half"));
    stays.send(put("/later/up/2", "Content-Length: 8\r\n", "half"));
    Exchange exchange = server.shelf.take("/later/up/1");
    Result result{};
    std::thread reader([&] { read_all(*exchange.inflow(), result); });
    gone.reset();
    reader.join();
    CHECK(result == Result::failed);
    kept = server.shelf.take("/later/up/2");
    flow = kept->inflow();
  }
  Result result{};
  read_all(*flow, result);
  CHECK(result == Result::failed);
}
