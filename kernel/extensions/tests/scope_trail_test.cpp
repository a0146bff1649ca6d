// One row an hour for each plugin and reason, and what that row counts.
#include "kernel/extensions/scope_trail.hpp"

#include <catch2/catch.hpp>

using kernel::extensions::ScopeTrail;
using namespace std::chrono_literals;

namespace {

/// One transaction that commits; how many its row stands for, 0 without a row.
std::uint64_t pass(ScopeTrail& trail, const char* plugin, const std::string& reason,
                   ScopeTrail::Clock::time_point now) {
  const auto row = trail.begin(plugin, reason, now);
  trail.committed(plugin, reason, row.has_value(), now);
  return row.value_or(0);
}

}  // namespace

TEST_CASE("a reason leaves one row an hour, which counts those that left none") {
  ScopeTrail trail;
  const ScopeTrail::Clock::time_point start(100h);
  CHECK(pass(trail, "a", "looks", start) == 1);
  for (int i = 1; i < 60; ++i) CHECK(pass(trail, "a", "looks", start + i * 1min) == 0);
  CHECK(pass(trail, "a", "looks", start + 1h) == 60);
  CHECK(pass(trail, "a", "looks", start + 1h + 1min) == 0);
  CHECK(pass(trail, "a", "looks", start + 50h) == 2);
}

TEST_CASE("plugins and reasons do not stand for each other") {
  ScopeTrail trail;
  const ScopeTrail::Clock::time_point start(100h);
  CHECK(pass(trail, "a", "looks", start) == 1);
  CHECK(pass(trail, "b", "looks", start) == 1);
  CHECK(pass(trail, "a", "counts", start) == 1);
  CHECK(pass(trail, "a", "looks", start) == 0);
}

TEST_CASE("a row that did not commit was none") {
  ScopeTrail trail;
  const ScopeTrail::Clock::time_point start(100h);
  CHECK(trail.begin("a", "looks", start) == 1);  // and is rolled back
  CHECK(pass(trail, "a", "looks", start) == 1);
  CHECK_FALSE(trail.begin("a", "looks", start + 1min));
  CHECK(pass(trail, "a", "looks", start + 1h) == 1);
}

TEST_CASE("beyond so many reasons each leaves a row") {
  ScopeTrail trail;
  const ScopeTrail::Clock::time_point start(100h);
  for (std::size_t i = 0; i < ScopeTrail::kMostReasons; ++i)
    CHECK(pass(trail, "a", std::to_string(i), start) == 1);
  for (int i = 0; i < 3; ++i) CHECK(pass(trail, "a", "one more", start) == 1);
  CHECK(pass(trail, "a", "7", start) == 0);
}
