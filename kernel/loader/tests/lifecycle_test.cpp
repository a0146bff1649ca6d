// The table of a plugin's life.
#include "kernel/loader/lifecycle.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <portico/problem.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "kernel/loader/plugin.hpp"

using namespace kernel::loader;

TEST_CASE("every state can be reached from discovered, and every row is used once") {
  std::set<State> reached{State::discovered};
  std::set<std::pair<State, Step>> rows;
  for (std::size_t round = 0; round < lifecycle().size(); ++round)
    for (const auto& row : lifecycle())
      if (reached.contains(row.from)) reached.insert(row.to);
  CHECK(reached.size() == static_cast<std::size_t>(State::quarantined) + 1);
  for (const auto& row : lifecycle()) CHECK(rows.emplace(row.from, row.step).second);
}

TEST_CASE("what serves, what was refused and what ended do not mix") {
  for (const auto& row : lifecycle()) {
    CAPTURE(to_string(row.from), to_string(row.step));
    CHECK_FALSE(is_refused(row.from));  // the end of a life that never served
    CHECK(row.from != State::unloaded);
    if (serves(row.to)) CHECK((serves(row.from) || row.from == State::starting));
  }
}

TEST_CASE("a plugin takes no step that the table lacks, and keeps its reason") {
  Manifest manifest;
  manifest.id = "ledger";
  Plugin plugin({}, manifest);
  CHECK_THROWS_AS(plugin.advance(Step::publish), portico::Problem);
  CHECK(plugin.state() == State::discovered);
  plugin.advance(Step::verify);
  plugin.advance_if_possible(Step::unmap);
  CHECK(plugin.state() == State::verified);
  plugin.advance(Step::refuse, "needs operation a.b/1");
  CHECK(plugin.state() == State::rejected);
  CHECK(plugin.reason() == "needs operation a.b/1");
}

TEST_CASE("the reference page shows this table") {
  std::ifstream in(PORTICO_SOURCE_DIR "/docs/reference/lifecycle.md");
  std::ostringstream page;
  page << in.rdbuf();
  CHECK(page.str().find(lifecycle_in_markdown()) != std::string::npos);
}

TEST_CASE("health moves a plugin that serves between active and degraded") {
  namespace observe = kernel::observe;
  Manifest manifest;
  manifest.id = "tide";
  Plugin plugin({}, manifest);
  for (const auto step : {Step::verify, Step::resolve, Step::load, Step::create, Step::start})
    plugin.advance(step);
  plugin.report_health("gauge", observe::HealthState::failed, "no water");
  CHECK(plugin.state() == State::starting);
  CHECK(plugin.failed_check() == "gauge: no water");
  plugin.publish();
  CHECK(plugin.state() == State::degraded);
  CHECK(plugin.reason() == "gauge: no water");
  plugin.report_health("gauge", observe::HealthState::ok, "");
  CHECK(plugin.state() == State::active);
  plugin.forget_health();
  for (const auto& check : observe::health().checks()) CHECK(check.name != "plugin.tide.gauge");
}

TEST_CASE("a report of health that meets the drain neither fails it nor undoes it") {
  namespace observe = kernel::observe;
  for (int round = 0; round < 200; ++round) {
    Manifest manifest;
    manifest.id = "tide";
    Plugin plugin({}, manifest);
    for (const auto step : {Step::verify, Step::resolve, Step::load, Step::create, Step::start})
      plugin.advance(step);
    plugin.publish();
    std::atomic<int> reports{0};
    std::atomic<bool> drained{false};
    std::jthread worker([&] {
      for (int n = 0; n < 20 || !drained; ++n, ++reports)
        plugin.report_health("gauge", n % 2 ? observe::HealthState::ok : observe::HealthState::failed,
                             "no water");
    });
    while (reports < 5) std::this_thread::yield();
    plugin.drain("replaced");
    drained = true;
    worker.join();
    REQUIRE(plugin.state() == State::draining);
    plugin.forget_health();
  }
}
