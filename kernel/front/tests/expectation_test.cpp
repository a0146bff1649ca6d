// Expect: 100-continue, where the client asks before it sends a body.
#include <catch2/catch.hpp>

#include "kernel/front/tests/front_fixture.hpp"

using namespace kernel::front;
using namespace kernel::front::test;

TEST_CASE("100 is sent only where the body will be read") {
  struct Row {
    std::string rule, fields, body;
    int status;
    std::string code;
  };
  const std::vector<Row> rows = {
      {"another expectation", "Expect: 200-ok\r\nContent-Length: 3\r\n", "", 417, "http.expectation_unknown"},
      {"too large", "Expect: 100-continue\r\nContent-Length: 11\r\n", "", 413, "http.body_too_large"},
      {"the gate says no", "Expect: 100-continue\r\nContent-Length: 3\r\nX-Stop: 1\r\n", "", 401,
       "auth.required"},
      {"the gate says no to chunks", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\nX-Stop: 1\r\n",
       "", 401, "auth.required"},
      {"no body follows", "Expect: 100-continue\r\nContent-Length: 0\r\n", "", 200, "POST /a|"},
      {"the body is there already", "Expect: 100-continue\r\nContent-Length: 3\r\n", "abc", 200,
       "POST /a|abc"},
      {"nobody asked", "Content-Length: 3\r\nX-Stop: 1\r\n", "abc", 200, "POST /a|abc"},
  };
  FrontSettings settings = quick_settings();
  settings.limits.body = 10;
  Server server(settings, {}, [](const Head& head) -> std::optional<Refusal> {
    if (head.headers.contains("x-stop")) return Refusal::no_credentials;
    return std::nullopt;
  });
  for (const Row& row : rows) {
    INFO(row.rule);
    RawClient client(server.front.port());
    const Answer answer = client.ask("POST /a HTTP/1.1\r\nHost: a\r\n" + row.fields + "\r\n" + row.body);
    CHECK(answer.status == row.status);
    CHECK(answer.body == row.code);
    if (row.status != 200) {
      CHECK(answer.has("Connection: close\r\n"));
      CHECK(client.rest().empty());
    }
  }
  RawClient client(server.front.port());
  const std::string head = "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  CHECK(client.ask(head).status == 100);
  CHECK(client.ask("abc").body == "POST /a|abc");
}

TEST_CASE("a client that goes on without waiting for its refusal cannot pass its body off as a request") {
  Server server(quick_settings(), {}, [](const Head&) { return std::optional(Refusal::no_credentials); });
  RawClient client(server.front.port());
  const std::string smuggled = get("/smuggled");
  const Answer answer = client.ask("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " +
                                   std::to_string(smuggled.size()) + "\r\n\r\n");
  CHECK(answer.status == 401);
  client.send(smuggled);
  CHECK(client.rest().empty());
  CHECK(server.front.stats().requests == 0);
}
