// The plugin in a test host: whom it greets, whom it refuses, where its page stands.
#include <catch2/catch.hpp>
#include <portico/testkit.hpp>

using portico::testkit::TestHost;

TEST_CASE("somebody is greeted by name") {
  TestHost host;
  host.load();
  const auto reply = host.get("/api/hello-cpp/Ada");
  CHECK(reply.status == 200);
  CHECK(reply.json().at("message") == "Hello, Ada");
}

TEST_CASE("a name that is too long is refused with a code") {
  TestHost host;
  host.load();
  const auto reply = host.get("/api/hello-cpp/" + std::string(101, 'a'));
  CHECK(reply.status == 422);
  CHECK(reply.code == "hello_cpp.name_too_long");
}

TEST_CASE("the page is there for everybody") {
  TestHost host;
  host.load();
  REQUIRE(host.registered().pages.size() == 1);
  CHECK(host.registered().pages[0].path == "/hello-cpp");
}
