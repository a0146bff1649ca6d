// From the bytes of a request to its route: found, absent, or there under other methods.
#include <catch2/catch.hpp>

#include "kernel/front/tests/front_fixture.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/publication.hpp"

using namespace kernel::policy;
using kernel::front::test::RawClient;
namespace front = kernel::front;
namespace json = boost::json;

namespace {

/// Answers with its label and parameters.
BuiltinRoute echo(const std::string& method, const std::string& path) {
  return {method, path, "", kernel::loader::Access::anyone, [](Call& call) {
            auto text = call.route->label;
            for (const auto& [name, value] : call.parameters) text += " " + std::string(name) + "=" + value;
            return front::test::text(text);
          }};
}

const kernel::config::Settings& settings() {
  static const auto read = kernel::config::Settings::read(kernel::config::Source(
      {}, kernel::config::Environment(std::map<std::string, std::string, std::less<>>{})));
  return read;
}

std::shared_ptr<const Published> published(const std::vector<BuiltinRoute>& routes) {
  return build_published({}, routes, settings());
}

/// A host of such routes alone; neither Redis nor PostgreSQL is there, and none is asked.
struct Host {
  explicit Host(const std::vector<BuiltinRoute>& routes)
      : redis([] {
          kernel::cache::RedisSettings nowhere;
          nowhere.host = "127.0.0.1";
          nowhere.port = 1;
          return nowhere;
        }()),
        cache(redis, {}),
        limiter(redis, 1),
        database([] {
          kernel::database::PoolSettings nowhere;
          nowhere.url = kernel::database::parse_database_url("postgresql://nobody@127.0.0.1:1/none");
          return nowhere;
        }()),
        pipeline(settings(), cache, limiter, database),
        server(
            front::test::quick_settings(),
            [this](front::Exchange exchange) { pipeline.handle(std::move(exchange)); }, {},
            [this](int status, std::string_view code) { return pipeline.refusal(status, code); }) {
    pipeline.publish(published(routes));
    server.start();
  }
  ~Host() { server.stop(); }

  kernel::cache::Redis redis;
  kernel::cache::Cache cache;
  kernel::cache::RateLimiter limiter;
  kernel::database::Pool database;
  Pipeline pipeline;
  front::Front server;
};

std::string refusal_of(const std::vector<BuiltinRoute>& routes) {
  try {
    published(routes);
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
  return "";
}

}  // namespace

TEST_CASE("a request finds its route by method and decoded path") {
  Host host({echo("GET", "/"), echo("GET", "/api/things"), echo("POST", "/api/things"),
             echo("GET", "/api/things/{id}"), echo("DELETE", "/api/things/{id}"),
             echo("GET", "/api/things/new"), echo("POST", "/api/slash/")});
  struct Row {
    const char* rule;
    const char* method;
    const char* path;
    int status;
    const char* body;  // of a success, or the code of a problem
    const char* allow = "";
  };
  for (const Row& row : {
           Row{"the root", "GET", "/", 200, "GET /"},
           Row{"a fixed path", "GET", "/api/things", 200, "GET /api/things"},
           Row{"by method", "POST", "/api/things", 200, "POST /api/things"},
           Row{"the query is no part of the path", "GET", "/api/things?id=7", 200, "GET /api/things"},
           Row{"a parameter", "GET", "/api/things/7", 200, "GET /api/things/{id} id=7"},
           Row{"fixed before parameter", "GET", "/api/things/new", 200, "GET /api/things/new"},
           Row{"an encoded letter is the letter", "GET", "/api/th%69ngs", 200, "GET /api/things"},
           Row{"an encoded slash is data", "GET", "/api/things/a%2Fb", 200, "GET /api/things/{id} id=a/b"},
           Row{"an encoded fixed segment is fixed", "GET", "/api/things/ne%77", 200, "GET /api/things/new"},
           Row{"UTF-8", "GET", "/api/things/%E6%97%A5", 200, "GET /api/things/{id} id=日"},
           Row{"a plus is a plus", "GET", "/api/things/a+b%20c", 200, "GET /api/things/{id} id=a+b c"},
           Row{"decoded once", "GET", "/api/things/%2541", 200, "GET /api/things/{id} id=%41"},
           Row{"no UTF-8", "GET", "/api/things/%ff", 400, "http.malformed_target"},
           Row{"half an encoded byte", "GET", "/api/things/%4", 400, "http.malformed_target"},
           Row{"a zero byte", "GET", "/api/things/%00", 400, "http.malformed_target"},
           Row{"out of the tree", "GET", "/api/things/%2e%2e", 400, "http.malformed_target"},
           Row{"a trailing slash is another path", "GET", "/api/things/", 404, "request.no_such_route"},
           Row{"a registered one is asked for", "POST", "/api/slash", 404, "request.no_such_route"},
           Row{"and found", "POST", "/api/slash/", 200, "POST /api/slash/"},
           Row{"two slashes", "GET", "/api//things", 404, "request.no_such_route"},
           Row{"another case", "GET", "/api/Things", 404, "request.no_such_route"},
           Row{"nothing there, whatever the method", "DELETE", "/api/none", 404, "request.no_such_route"},
           Row{"there under other methods", "PUT", "/api/things", 405, "request.method_not_allowed",
               "GET, HEAD, POST"},
           Row{"with a parameter", "POST", "/api/things/7", 405, "request.method_not_allowed",
               "DELETE, GET, HEAD"},
           Row{"the fixed path decides, not the one that a parameter would find", "DELETE", "/api/things/new",
               405, "request.method_not_allowed", "GET, HEAD"},
           Row{"no HEAD without GET", "GET", "/api/slash/", 405, "request.method_not_allowed", "POST"},
           Row{"OPTIONS is no exception", "OPTIONS", "/api/things", 405, "request.method_not_allowed",
               "GET, HEAD, POST"},
       }) {
    INFO(row.rule);
    RawClient client(host.server.port());  // one that was refused is closed
    const auto answer = client.ask(std::string(row.method) + " " + row.path +
                                   " HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(answer.status == row.status);
    if (row.status == 200) {
      CHECK(answer.body == row.body);
    } else {
      CHECK(answer.has("Content-Type: application/problem+json\r\n"));
      const auto problem = json::parse(answer.body);
      CHECK(problem.at("code").as_string() == row.body);
      CHECK(problem.at("status").as_int64() == row.status);
    }
    CHECK(answer.has("Allow: ") == (row.status == 405));
    if (row.status == 405) CHECK(answer.has("Allow: " + std::string(row.allow) + "\r\n"));
  }
}

TEST_CASE("HEAD is answered like GET, without the body") {
  Host host({echo("GET", "/api/things/{id}")});
  RawClient client(host.server.port());
  const auto head = client.ask("HEAD /api/things/7 HTTP/1.1\r\nHost: test\r\n\r\n", true);
  CHECK(head.status == 200);
  CHECK(head.has("Content-Length: 25\r\n"));
  CHECK(client.ask(front::test::get("/api/things/7")).body == "GET /api/things/{id} id=7");
}

TEST_CASE("two routes for one method and path are refused, and one path under two sets of names") {
  CHECK(refusal_of({echo("GET", "/a"), echo("POST", "/a")}).empty());
  CHECK(refusal_of({echo("GET", "/a/{x}"), echo("GET", "/a/b")}).empty());
  CHECK(refusal_of({echo("GET", "/a"), echo("GET", "/a")}) == "plugin.route_taken");
  CHECK(refusal_of({echo("GET", "/a/{x}"), echo("GET", "/a/{x}")}) == "plugin.route_taken");
  CHECK(refusal_of({echo("GET", "/a/{x}"), echo("POST", "/a/{y}")}) == "plugin.route_taken");
  CHECK(refusal_of({echo("GET", "/a{x}")}) == "plugin.route_taken");
}

TEST_CASE("what is published answers the next request, whole") {
  Host host({echo("GET", "/api/old")});
  RawClient client(host.server.port());
  CHECK(client.ask(front::test::get("/api/old")).status == 200);
  host.pipeline.publish(published({echo("GET", "/api/new")}));
  CHECK(client.ask(front::test::get("/api/old")).status == 404);
  CHECK(client.ask(front::test::get("/api/new")).status == 200);
}
