// What the shell registers, and that it does not start without all of it.
#include <catch2/catch.hpp>
#include <portico/testkit.hpp>

using portico::testkit::TestHost;

TEST_CASE("the shell offers its pages and the layout every page stands in") {
  TestHost host;
  host.load();
  const auto& all = host.registered();
  CHECK(all.shell);
  REQUIRE(all.pages.size() == 2);
  CHECK(all.pages[0].path == "/");
  CHECK(all.pages[0].access == PORTICO_ACCESS_ANYONE);
  CHECK(all.pages[1].path == "/dashboard");
  CHECK(all.pages[1].access == PORTICO_ACCESS_SIGNED_IN);
  REQUIRE(all.navigation.size() == 1);
  CHECK(all.navigation[0].title.find("ダッシュボード") != std::string::npos);
  CHECK(all.routes.empty());
}

TEST_CASE("a start in which any host call fails ends with its problem") {
  const auto outcomes = portico::testkit::for_each_failing_call([](TestHost& host) { host.load(); });
  CHECK(outcomes.size() == 4);
  for (const auto& outcome : outcomes) {
    INFO(outcome.function);
    CHECK(outcome.status == 503);
  }
}
