// What the health registry remembers.
#include "kernel/observe/health.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace kernel::observe;
using namespace std::chrono_literals;

TEST_CASE("a check remembers since when its state holds") {
  std::chrono::system_clock::time_point now{1000s};
  HealthRegistry registry([&] { return now; });
  registry.report("database", HealthState::ok);
  now += 10s;
  registry.report("database", HealthState::failed, "refused");
  now += 10s;
  registry.report("database", HealthState::failed, "still refused");
  const auto checks = registry.checks();
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].state == HealthState::failed);
  CHECK(checks[0].reason == "still refused");
  CHECK(checks[0].since.time_since_epoch() == 1010s);
}

TEST_CASE("the worst state of all is the whole's state") {
  HealthRegistry registry;
  CHECK(registry.worst() == HealthState::ok);
  registry.report("a", HealthState::ok);
  registry.report("b", HealthState::degraded, "slow");
  CHECK(registry.worst() == HealthState::degraded);
  registry.report("c", HealthState::failed, "down");
  CHECK(registry.worst() == HealthState::failed);
  registry.remove("c");
  registry.remove("never there");
  CHECK(registry.worst() == HealthState::degraded);
}

TEST_CASE("a reason is masked and cut") {
  HealthRegistry registry;
  registry.report("mail", HealthState::failed, "smtp://user:hunter2@mail " + std::string(1000, 'x'));
  const std::string reason = registry.checks().at(0).reason;
  CHECK(reason.find("hunter2") == std::string::npos);
  CHECK(reason.size() <= 310);
}

TEST_CASE("no more than the limit of names is kept") {
  HealthRegistry registry;
  for (std::size_t i = 0; i < HealthRegistry::kMaxChecks; ++i)
    registry.report(std::to_string(i), HealthState::ok);
  registry.report("one too many", HealthState::failed);
  CHECK(registry.checks().size() == HealthRegistry::kMaxChecks);
  registry.report("7", HealthState::failed, "known names still report");
  CHECK(registry.worst() == HealthState::failed);
}
