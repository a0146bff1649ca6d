// Requests as the real host lets them through: addresses, callers, bodies, answers, failures.
#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

void hello(Host& host) {
  host.routes()
      .get("/api/hello/{name}",
           [](const Request& rq) { return Greeting{"Hello, " + std::string(rq.path("name"))}; })
      .access(Access::anyone);
  host.routes()
      .post("/api/hello", [](const Request&, const Name& body) { return Greeting{"Hello, " + body.name}; })
      .access(Access::anyone);
}

}  // namespace

TEST_CASE("the shortest test: a host, a plugin, a request") {
  TestHost host;
  start(host, hello);
  const auto reply = host.get("/api/hello/Ada");
  CHECK(reply.status == 200);
  CHECK(reply.header("content-type") == "application/json");
  CHECK(reply.as<Greeting>().message == "Hello, Ada");
}

TEST_CASE("addresses are decoded and matched as the host does") {
  TestHost host;
  start(host, [](Host& h) {
    const auto say = [&](const char* pattern) {
      h.routes()
          .get(pattern,
               [pattern](const Request& rq) {
                 return Greeting{std::string(pattern) + "|" + std::string(rq.target_path()) + "|" +
                                 std::string(rq.query("q").value_or("none"))};
               })
          .access(Access::anyone);
    };
    say("/api/a/{x}"), say("/api/a/new"), say("/api/{y}/b/{z}"), say("/");
    h.routes().del("/api/a/{x}", [](const Request&) {}).access(Access::anyone);
  });
  struct Row {
    const char *rule, *method, *target;
    int status;
    const char* text;  // message or code
  };
  const Row rows[] = {
      {"a parameter fills a segment", "GET", "/api/a/7", 200, "/api/a/{x}|/api/a/7|none"},
      {"a fixed segment comes first", "GET", "/api/a/new", 200, "/api/a/new|/api/a/new|none"},
      {"segments are decoded", "GET", "/api/a/J%C3%BCrg%20x", 200, "/api/a/{x}|/api/a/Jürg x|none"},
      {"an encoded slash is data", "GET", "/api/a/1%2F2", 200, "/api/a/{x}|/api/a/1/2|none"},
      {"the query is decoded", "GET", "/api/a/7?p=1&q=a+b%26", 200, "/api/a/{x}|/api/a/7|a b&"},
      {"parameters in the middle", "GET", "/api/u/b/v", 200, "/api/{y}/b/{z}|/api/u/b/v|none"},
      {"the root", "GET", "/", 200, "/|/|none"},
      {"an empty segment fills nothing", "GET", "/api/a/", 404, "request.no_such_route"},
      {"nobody's address", "GET", "/api/none", 404, "request.no_such_route"},
      {"another method", "POST", "/api/a/7", 405, "request.method_not_allowed"},
      {"a fixed path shadows the methods of a pattern", "DELETE", "/api/a/new", 405,
       "request.method_not_allowed"},
      {"what does not decode", "GET", "/api/a/%zz", 400, "http.malformed_target"},
      {"a dot segment", "GET", "/api/a/%2e%2e", 400, "http.malformed_target"},
      {"nothing to say", "DELETE", "/api/a/7", 204, ""},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const auto reply = host.send(host.browser, row.method, row.target);
    CHECK(reply.status == row.status);
    CHECK((reply.status == 200 ? reply.as<Greeting>().message : reply.code) == row.text);
  }
}

TEST_CASE("who may call is decided before the handler") {
  TestHost host;
  start(host, [](Host& h) {
    const auto route = [&](const char* path, Access access) {
      h.routes().get(path, [](const Request& rq) { return Greeting{rq.user_id()}; }).access(access);
    };
    route("/anyone", Access::anyone), route("/signed_in", Access::signed_in);
    route("/staff", Access::staff), route("/admin", Access::admin);
  });
  struct Row {
    const char* roles;  // null: nobody
    const char* path;
    int status;
  };
  const Row rows[] = {
      {nullptr, "/anyone", 200},    {nullptr, "/signed_in", 401},      {nullptr, "/staff", 401},
      {"customer", "/anyone", 200}, {"customer", "/signed_in", 200},   {"customer", "/staff", 404},
      {"customer", "/admin", 404},  {"customer,staff", "/staff", 200}, {"staff", "/admin", 404},
      {"admin", "/staff", 200},     {"admin", "/admin", 200},          {"staffer", "/staff", 404}};
  for (const auto& row : rows) {
    INFO((row.roles ? row.roles : "nobody") << " at " << row.path);
    host.sign_out();
    if (row.roles) host.sign_in({.user_id = "u-1", .roles = row.roles});
    const auto reply = host.get(row.path);
    CHECK(reply.status == row.status);
    if (reply.status == 200) CHECK(reply.as<Greeting>().message == (row.roles ? "u-1" : ""));
  }
}

TEST_CASE("bodies are decoded strictly, and failures are problem documents") {
  TestHost host;
  start(host, hello);
  Browser browser;
  struct Row {
    const char *rule, *body;
    int status;
    const char *code, *error;
  };
  const Row rows[] = {
      {"right", R"({"name":"Ada"})", 200, "", ""},
      {"no JSON", "{", 400, "request.malformed_json", ""},
      {"twice the same key", R"({"name":"a","name":"b"})", 400, "request.malformed_json", ""},
      {"a member nobody knows", R"({"name":"Ada","x":1})", 422, "request.invalid", "/x unknown_member"},
      {"a member is missing", "{}", 422, "request.invalid", "/name required"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const auto reply = host.send(browser, {"POST", "/api/hello", row.body, "application/json", {}});
    CHECK(reply.status == row.status);
    CHECK(reply.code == row.code);
    CHECK(reply.error() == row.error);
    if (reply.status >= 400) CHECK(reply.header("Content-Type") == "application/problem+json");
  }
  const auto large = host.send(browser, {"POST", "/api/hello", std::string(256 * 1024 + 1, ' '), "", {}});
  CHECK(large.status == 413);
}

TEST_CASE("a failure of a handler is that request's answer") {
  TestHost host;
  start(host, [](Host& h) {
    h.routes()
        .get("/problem",
             [](const Request&) -> Greeting {
               throw Problem(404, "acme.missing", "row 7", 3, {{"hint", "x"}});
             })
        .access(Access::anyone);
    h.routes()
        .get("/other", [](const Request&) -> Greeting { throw std::runtime_error("secret"); })
        .access(Access::anyone);
  });
  const auto problem = host.get("/problem");
  CHECK(problem.status == 404);
  CHECK(problem.code == "acme.missing");
  CHECK(problem.detail == "row 7");
  CHECK(problem.body.find("row 7") == std::string::npos);
  CHECK(problem.json().at("hint") == "x");
  CHECK(problem.retry_after_s == 3);
  const auto other = host.get("/other");
  CHECK(other.status == 500);
  CHECK(other.code == "internal");
  CHECK(other.body.find("secret") == std::string::npos);
}

TEST_CASE("a handler sees who asks, from where, in which language, with what") {
  TestHost host;
  start(host, [](Host& h) {
    h.routes()
        .get("/seen",
             [](const Request& rq) {
               const auto p = rq.principal();
               return Greeting{std::string(rq.method()) + " " + std::string(rq.language()) + " " +
                               std::string(rq.client_address()) + " " + p.session_id + " " + p.roles + " " +
                               std::string(rq.header("x-thing").value_or("-")) + " " +
                               std::string(rq.origin()) + " " + std::to_string(p.proved_at.count()) + " " +
                               (rq.cancelled() ? "gone" : "there")};
             })
        .access(Access::anyone);
  });
  Browser browser;
  browser.language = "ja", browser.address = "198.51.100.9", browser.headers = {{"X-Thing", "t"}};
  browser.user = User{"u", "customer", "s-9", "", Time(5us)};
  CHECK(host.send(browser, "GET", "/seen").as<Greeting>().message ==
        "GET ja 198.51.100.9 s-9 customer t http://localhost:8080 5 there");
  browser.user->language = "en";
  host.clients_gone(true);
  CHECK(host.send(browser, "HEAD", "/seen").as<Greeting>().message ==
        "HEAD en 198.51.100.9 s-9 customer t http://localhost:8080 5 gone");
}

TEST_CASE("the plugin's own authenticator is asked with the browser's cookie, and cookies are kept") {
  TestHost host;
  start(host, [](Host& h) {
    h.identity().provide("access", [](std::string_view token) -> std::optional<Identity> {
      if (token == "good") return Identity{"u-7", "s-7", "customer", "ja", Time(1us), Time(2us)};
      if (token == "odd") return std::nullopt;
      throw Problem(token == "bad" ? 401 : 503, "acme.token");
    });
    h.routes()
        .post(
            "/sign-in/{token}",
            [&h](const Request& rq) {
              return Response{
                  204, {}, {}, {{"Set-Cookie", h.identity().cookie_header("access", rq.path("token"), 60s)}}};
            })
        .access(Access::anyone);
    h.routes().get("/me", [&h](const Request& rq) {
      return Greeting{rq.user_id() + " " + std::string(h.identity().cookie(rq, "access").value_or("-"))};
    });
    h.routes()
        .post("/sign-out",
              [&h](const Request&) {
                h.identity().revoke("s-7");
                return Response{204, {}, {}, {{"Set-Cookie", h.identity().cookie_header("access", "", 0s)}}};
              })
        .access(Access::anyone);
  });
  CHECK(host.registered().authenticator == "access");
  CHECK(host.get("/me").code == "auth.required");
  host.post("/sign-in/good");
  CHECK(host.browser.cookies.at("access") == "good");
  CHECK(host.get("/me").as<Greeting>().message == "u-7 good");
  CHECK(host.who(host.browser)->user_id == "u-7");
  host.post("/sign-in/odd");
  CHECK(host.get("/me").status == 401);
  CHECK_FALSE(host.who(host.browser));
  host.post("/sign-in/bad");
  CHECK(host.get("/me").status == 401);
  host.post("/sign-in/broken");
  CHECK(host.get("/me").status == 503);
  CHECK(problem_of([&] { host.who(host.browser); }) == "503 acme.token");
  host.browser.cookies["access"] = "good";
  host.post("/sign-out");
  CHECK(host.browser.cookies.empty());
  CHECK(host.revoked_sessions() == std::vector<std::string>{"s-7"});
}

TEST_CASE("a write with an idempotency key takes effect once") {
  TestHost host;
  int done = 0;
  std::string seen;
  start(host, [&](Host& h) {
    h.routes()
        .post("/api/acme/greetings",
              [&](const Request& request, const Name& name) {
                seen = std::string(request.idempotency_key());
                if (name.name == "nobody") throw Problem(422, "acme.unknown", name.name);
                return Greeting{name.name + std::to_string(++done)};
              })
        .needs_idempotency_key();
  });
  const auto send = [&](Browser& from, const std::string& key, const std::string& name) {
    Sent sent{"POST", "/api/acme/greetings", R"({"name":")" + name + R"("})", "application/json", {}};
    if (!key.empty()) sent.headers.emplace_back("Idempotency-Key", key);
    return host.send(from, sent);
  };
  Browser ada, bob;
  ada.user = User{.user_id = "u-ada"}, bob.user = User{.user_id = "u-bob"};
  const std::string key = "a-key-of-this-wish-0001";

  CHECK(send(ada, "", "Ada").code == "idempotency.key_missing");
  CHECK(send(ada, "short", "Ada").code == "idempotency.key_invalid");
  CHECK(send(ada, key, "nobody").status == 422);
  const auto first = send(ada, key, "Ada");
  CHECK(first.status == 200);
  CHECK(seen == key);
  const auto again = send(ada, key, "Ada");
  CHECK(again.body == first.body);
  CHECK(again.header("Idempotent-Replayed") == "true");
  CHECK(send(ada, key, "Eve").code == "idempotency.key_reused");
  CHECK(send(bob, key, "Ada").body != first.body);
  CHECK(done == 2);
}

TEST_CASE("routes that the host would refuse fail the start") {
  const char* manifest = R"({"id":"acme","extensions":{"required":["portico.routes/1","portico.exchange/1"]},
                             "routes":["/api/acme"],"lanes":{"slow":{}}})";
  struct Row {
    const char* rule;
    std::function<void(Routes&)> add;
    const char* problem;
  };
  const auto ok = [](const Request&) { return Greeting{}; };
  const Row rows[] = {
      {"right", [&](Routes& r) { r.get("/api/acme/{id}", ok).lane("slow"); }, ""},
      {"another prefix", [&](Routes& r) { r.get("/api/other", ok); }, "403 plugin.not_in_manifest"},
      {"a longer name is another", [&](Routes& r) { r.get("/api/acmes", ok); }, "403 plugin.not_in_manifest"},
      {"a lane nobody named", [&](Routes& r) { r.get("/api/acme", ok).lane("fast"); },
       "403 plugin.not_in_manifest"},
      {"half a parameter", [&](Routes& r) { r.get("/api/acme/a{id}", ok); }, "422 plugin.route_invalid"},
      {"the same twice", [&](Routes& r) { r.get("/api/acme/{a}", ok), r.get("/api/acme/{b}", ok); },
       "422 plugin.route_invalid"},
      {"keys for a read", [&](Routes& r) { r.get("/api/acme", ok).needs_idempotency_key(); },
       "422 plugin.route_invalid"},
      {"keys of nobody",
       [&](Routes& r) { r.post("/api/acme", ok).access(Access::anyone).needs_idempotency_key(); },
       "422 plugin.route_invalid"},
      {"keys for secrets", [&](Routes& r) { r.post("/api/acme", ok).secret().needs_idempotency_key(); },
       "422 plugin.route_invalid"},
      {"a cached write", [&](Routes& r) { r.post("/api/acme", ok).cache({}); }, "422 plugin.route_invalid"},
      {"a user's cache for anyone",
       [&](Routes& r) { r.get("/api/acme", ok).access(Access::anyone).cache({}); },
       "422 plugin.route_invalid"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK(problem_of([&] {
            TestHost host;
            host.manifest(manifest);
            start(host, [&](Host& h) { row.add(h.routes()); });
          }) == row.problem);
  }
}
