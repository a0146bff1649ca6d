// Which bytes of an upstream are a reply, and which are a typed error.
#include <sys/socket.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "kernel/outbound/tests/call_support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::test;

namespace {

/// Sends fixed bytes to each request and hangs up.
ScriptedServer::Script once(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& c) {
    if (!c.read_request().empty()) c.send(bytes);
  };
}

}  // namespace

TEST_CASE("a reply that is cut off or whose framing proves nothing is an error") {
  struct Row {
    const char* rule;
    std::string bytes;
    const char* code;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  const std::vector<Row> rows{
      {"length 20, 14 bytes", ok + "Content-Length: 20\r\n\r\n{\"result\":\"suc", "upstream.unavailable"},
      {"cut inside a chunk", chunked + "14\r\n{\"result\":\"suc", "upstream.unavailable"},
      {"no last chunk", chunked + "5\r\nhello\r\n", "upstream.unavailable"},
      {"cut inside the last chunk", chunked + "5\r\nhello\r\n0\r\n", "upstream.unavailable"},
      {"garbage chunk size", chunked + "xyz\r\nhello\r\n0\r\n\r\n", "upstream.bad_reply"},
      {"two differing lengths", ok + "Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello",
       "upstream.bad_reply"},
      {"no length, read until close", ok + "\r\nhello", "upstream.bad_reply"},
      {"length with a separator", ok + "Content-Length: 1,0\r\n\r\nh", "upstream.bad_reply"},
      {"length with a sign", ok + "Content-Length: +3\r\n\r\nabc", "upstream.bad_reply"},
      {"negative length", ok + "Content-Length: -1\r\n\r\n", "upstream.bad_reply"},
      {"empty length", ok + "Content-Length:\r\n\r\n", "upstream.bad_reply"},
      {"length and chunked", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "upstream.bad_reply"},
      {"another transfer coding", ok + "Transfer-Encoding: gzip\r\n\r\nhello", "upstream.bad_reply"},
      {"chunked twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "upstream.bad_reply"},
      {"folded header", ok + "X: a\r\n b\r\nContent-Length: 2\r\n\r\nok", "upstream.bad_reply"},
      {"header without a colon", ok + "nonsense\r\nContent-Length: 2\r\n\r\nok", "upstream.bad_reply"},
      {"space before the colon", ok + "Content-Length : 2\r\n\r\nok", "upstream.bad_reply"},
      {"control character in a header", ok + "X: a\x01z\r\nContent-Length: 2\r\n\r\nok",
       "upstream.bad_reply"},
      {"status out of range", "HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\nok", "upstream.bad_reply"},
      {"no HTTP at all", "220 mail.example ESMTP\r\n", "upstream.bad_reply"},
      {"switching protocols", "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n", "upstream.bad_reply"},
      {"cut inside the headers", ok + "Content-Le", "upstream.unavailable"},
      {"only an interim reply", "HTTP/1.1 100 Continue\r\n\r\n", "upstream.unavailable"},
      {"body announced above the limit", ok + "Content-Length: 1025\r\n\r\n", "upstream.too_large"},
      {"chunked body above the limit", chunked + "401\r\n" + std::string(1025, 'x') + "\r\n0\r\n\r\n",
       "upstream.too_large"},
      {"one huge header", ok + "X: " + std::string(70'000, 'x') + "\r\n\r\n", "upstream.too_large"},
      {"many headers",
       [&] {
         std::string all = ok;
         for (int i = 0; i < 300; ++i) all += "X-" + std::to_string(i) + ": 1\r\n";
         return all + "Content-Length: 2\r\n\r\nok";
       }(),
       "upstream.too_large"},
  };
  Outbound outbound;
  for (const Row& row : rows) {
    INFO(row.rule);
    ScriptedServer server(once(row.bytes));
    UpstreamSettings settings = upstream_at(server);
    settings.body_limit = 1024;
    outbound.add(settings);
    const Result result = result_of(outbound, write_of());
    CHECK(code_of(result) == row.code);
    const auto* problem = std::get_if<CallProblem>(&result);
    CHECK((problem && problem->may_have_been_sent));
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("whole replies arrive as they were sent") {
  struct Row {
    const char* rule;
    const char* method;
    std::string bytes;
    int status;
    std::string body;
  };
  const std::vector<Row> rows{
      {"length", "POST", reply(200, "hello"), 200, "hello"},
      {"no body", "POST", reply(200, ""), 200, ""},
      {"chunked with extension and trailer", "POST",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nX-Trailer: "
       "evil\r\n\r\n",
       200, "hello"},
      {"the same length twice", "POST", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
       200, "ok"},
      {"after interim replies", "POST",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\n" + reply(201, "made"), 201, "made"},
      {"204 without a length", "POST", "HTTP/1.1 204 X\r\n\r\n", 204, ""},
      {"HEAD with a length", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", 200, ""},
      {"HTTP/1.0", "POST", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
      {"an error is the caller's to judge", "POST", reply(404, "none"), 404, "none"},
      {"also a server's error", "POST", reply(500, "<html>"), 500, "<html>"},
      {"bytes of any kind", "POST", reply(200, std::string("a\0\xff\r\n", 5)), 200,
       std::string("a\0\xff\r\n", 5)},
  };
  Outbound outbound;
  for (const Row& row : rows) {
    INFO(row.rule);
    ScriptedServer server(once(row.bytes));
    outbound.add(upstream_at(server));
    Request request = write_of(std::string(row.method) == "HEAD" ? "" : "x");
    request.method = row.method;
    const Response response = outbound.call("test", request);
    CHECK(response.status == row.status);
    CHECK(response.body == row.body);
    CHECK(response.header("x-trailer").empty());
    CHECK(response.header("link").empty());
    CHECK(response.attempts == 1);
  }
}

TEST_CASE("a body without a marked end is taken only where the settings say so") {
  ScriptedServer server(once("HTTP/1.1 200 OK\r\n\r\nhello"));
  Outbound outbound;
  UpstreamSettings settings = upstream_at(server);
  settings.accept_unframed = true;
  outbound.add(settings);
  CHECK(outbound.call("test", write_of()).body == "hello");
}

TEST_CASE("a redirect is returned and not followed") {
  ScriptedServer other(answering([](const std::string&) { return reply(200, "secret"); }));
  for (const std::string& location :
       {other.url() + "/", std::string("http://169.254.169.254/latest"), std::string("file:///etc/passwd")}) {
    ScriptedServer server(once(reply(302, "", "Location: " + location + "\r\n")));
    Outbound outbound;
    outbound.add(upstream_at(server));
    const Response response = outbound.call("test", read_of());
    CHECK(response.status == 302);
    CHECK(response.header("location") == location);
    CHECK(server.connections() == 1);
  }
  CHECK(other.connections() == 0);
}

TEST_CASE("interim replies without end stop at the header limit") {
  ScriptedServer server([](Connection& c) {
    c.read_request();
    while (c.send("HTTP/1.1 100 Continue\r\nX-Pad: 0123456789\r\n\r\n")) {
    }
  });
  Outbound outbound;
  outbound.add(upstream_at(server));
  CHECK(code_of(result_of(outbound, write_of())) == "upstream.too_large");
}

TEST_CASE("a body without end stops at the limit and is not kept") {
  ScriptedServer server([](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
    while (c.send(chunk)) {
    }
  });
  Outbound outbound;
  outbound.add(upstream_at(server));
  CHECK(code_of(result_of(outbound, write_of())) == "upstream.too_large");
}

TEST_CASE("one byte at a time does not stretch the time-out") {
  ScriptedServer server([](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    c.drip("x");
  });
  Outbound outbound;
  UpstreamSettings settings = upstream_at(server);
  settings.timeout = std::chrono::milliseconds(600);
  outbound.add(settings);
  const Result result = result_of(outbound, write_of());
  CHECK(code_of(result) == "upstream.timeout");
  CHECK(std::get<CallProblem>(result).status == 504);
}

TEST_CASE("a silent upstream is a time-out, a refused or reset connection is unavailable") {
  Outbound outbound;
  {
    ScriptedServer server([](Connection& c) { c.stall(); });
    UpstreamSettings settings = upstream_at(server);
    settings.timeout = std::chrono::milliseconds(600);
    outbound.add(settings);
    CHECK(code_of(result_of(outbound, write_of())) == "upstream.timeout");
  }
  {
    ScriptedServer server([](Connection& c) {
      c.read_request();
      c.reset();
    });
    outbound.add(upstream_at(server));
    const Result result = result_of(outbound, write_of());
    CHECK(code_of(result) == "upstream.unavailable");
    CHECK(std::get<CallProblem>(result).may_have_been_sent);
    CHECK(std::get<CallProblem>(result).retry_after_s > 0);
  }
  {
    UpstreamSettings settings;
    {
      ScriptedServer gone([](Connection&) {});
      settings = upstream_at(gone);
    }
    outbound.add(settings);
    const Result result = result_of(outbound, write_of());
    CHECK(code_of(result) == "upstream.unavailable");
    CHECK(std::get<CallProblem>(result).status == 503);
    CHECK(!std::get<CallProblem>(result).may_have_been_sent);
  }
}

TEST_CASE("a name that does not resolve is unavailable and was not sent") {
  Outbound outbound;
  UpstreamSettings settings;
  settings.name = "test";
  settings.base_url = "http://no-such-host.invalid";
  outbound.add(settings);
  const Result result = result_of(outbound, write_of());
  CHECK(code_of(result) == "upstream.unavailable");
  CHECK(!std::get<CallProblem>(result).may_have_been_sent);
}

TEST_CASE("the request goes out as it was asked for, and nothing of the environment joins in") {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  std::mutex mutex;
  std::vector<std::string> seen;
  ScriptedServer server(answering([&](const std::string& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request);
    return reply(200, "ok", "Set-Cookie: session=evil\r\n");
  }));
  Outbound outbound;
  outbound.add(upstream_at(server));
  Request request = write_of("a=1&b=2", "/includes/api.php?x=%2F");
  request.headers = {
      {"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}, {"X-Empty", ""}};
  outbound.call("test", request);
  outbound.call("test", read_of(""));
  Request remove = write_of("");
  remove.method = "DELETE";
  outbound.call("test", remove);
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");

  const std::string host = "Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n";
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] ==
        "POST /base/includes/api.php?x=%2F HTTP/1.1\r\n" + host +
            "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\nX-Empty:\r\n"
            "User-Agent: Portico\r\nContent-Length: 7\r\n\r\na=1&b=2");
  CHECK(seen[1] == "GET /base HTTP/1.1\r\n" + host + "Accept: */*\r\nUser-Agent: Portico\r\n\r\n");
  CHECK(seen[2] == "DELETE /base/x HTTP/1.1\r\n" + host + "Accept: */*\r\nUser-Agent: Portico\r\n\r\n");
}
