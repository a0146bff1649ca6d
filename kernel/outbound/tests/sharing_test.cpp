// What callers of one lane owe each other: classes, the pace, and the switch that holds all of them back.
#include <algorithm>
#include <catch2/catch.hpp>
#include <mutex>
#include <vector>

#include "kernel/observe/health.hpp"
#include "kernel/outbound/tests/call_support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::test;
using namespace std::chrono_literals;

namespace {

Request of_class(Priority priority, std::string path = "/x") {
  Request request = read_of(std::move(path));
  request.priority = priority;
  return request;
}

UpstreamSettings with_lane(const ScriptedServer& server, LaneSettings lane) {
  UpstreamSettings settings = upstream_at(server);
  settings.lanes = {{"standard", lane}};
  return settings;
}

LaneStats stats_of(const Outbound& outbound) {
  return outbound.stats().at(0);
}

}  // namespace

TEST_CASE("jobs and refreshes leave room and places for those a person waits for") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(with_lane(gated.server, {10, 10, 60s}));
  std::vector<std::future<Result>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(begin(outbound, of_class(Priority::job)));
  CHECK(stats_of(outbound).in_flight == 4);  // 40 %
  CHECK(stats_of(outbound).queued == 4);
  CHECK(code_of(result_of(outbound, of_class(Priority::job))) == "upstream.busy");
  CHECK(code_of(result_of(outbound, of_class(Priority::refresh))) == "upstream.busy");
  for (int i = 0; i < 12; ++i) calls.push_back(begin(outbound, of_class(Priority::interactive)));
  CHECK(stats_of(outbound).in_flight == 10);
  CHECK(stats_of(outbound).queued == 10);
  CHECK(code_of(result_of(outbound, of_class(Priority::interactive))) == "upstream.busy");
  gated.go.release(20);
  for (auto& call : calls) CHECK(code_of(call.get()).empty());
}

TEST_CASE("refreshes take a quarter of what the background has, and jobs what is left of it") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(with_lane(gated.server, {20, 40, 60s}));
  std::vector<std::future<Result>> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(begin(outbound, of_class(Priority::refresh)));
  CHECK(stats_of(outbound).in_flight == 2);
  for (int i = 0; i < 10; ++i) calls.push_back(begin(outbound, of_class(Priority::job)));
  CHECK(stats_of(outbound).in_flight == 8);
  gated.go.release(20);
  for (auto& call : calls) CHECK(code_of(call.get()).empty());
}

TEST_CASE("a lane for jobs alone gives them all of it, and a narrow one at least a place") {
  for (const auto& [lane, at_once] :
       {std::pair{LaneSettings{4, 10, 60s, 1.0}, 4}, {LaneSettings{1, 10, 60s, 0.0}, 1}}) {
    GatedServer gated;
    Outbound outbound;
    outbound.add(with_lane(gated.server, lane));
    std::vector<std::future<Result>> calls;
    for (int i = 0; i < at_once; ++i) calls.push_back(begin(outbound, of_class(Priority::job)));
    calls.push_back(begin(outbound, of_class(Priority::job)));
    CHECK(stats_of(outbound).in_flight == at_once);
    gated.go.release(10);
    for (auto& call : calls) CHECK(code_of(call.get()).empty());
  }
}

TEST_CASE("who is furthest below its weight goes next") {
  GatedServer gated;
  std::mutex mutex;
  std::vector<Priority> order;
  Outbound outbound;
  outbound.add(with_lane(gated.server, {1, 40, 60s, 1.0}));
  auto first = begin(outbound, read_of());
  gated.arrived.acquire();
  std::vector<std::future<void>> calls;
  const auto add = [&](Priority priority) {
    auto done = std::make_shared<std::promise<void>>();
    calls.push_back(done->get_future());
    outbound.call_async("test", of_class(priority), [&, priority, done](Result) {
      {
        const std::lock_guard lock(mutex);
        order.push_back(priority);
      }
      done->set_value();
    });
  };
  for (const auto priority :
       {Priority::refresh, Priority::job, Priority::interactive, Priority::job, Priority::interactive})
    add(priority);
  CHECK(stats_of(outbound).queued == 5);
  gated.go.release(10);
  first.get();
  for (auto& call : calls) call.get();
  using P = Priority;
  CHECK(order == std::vector{P::interactive, P::interactive, P::job, P::job, P::refresh});
}

TEST_CASE("a rate lets a period's attempts begin at once, and spaces those after them") {
  std::mutex mutex;
  std::vector<Clock::time_point> arrivals;
  ScriptedServer server(answering([&](const std::string&) {
    const std::lock_guard lock(mutex);
    arrivals.push_back(Clock::now());
    return reply(200);
  }));
  Outbound outbound;
  LaneSettings lane{50, 50, 60s};
  lane.rate = 5, lane.rate_period = 500ms;
  outbound.add(with_lane(server, lane));
  const auto began = Clock::now();
  std::vector<std::future<Result>> calls;
  for (int i = 0; i < 15; ++i) calls.push_back(begin(outbound, read_of()));
  for (auto& call : calls) CHECK(code_of(call.get()).empty());
  REQUIRE(arrivals.size() == 15);
  std::sort(arrivals.begin(), arrivals.end());
  for (int i = 5; i < 15; ++i)
    CHECK(arrivals[i] - began >= (i - 4) * 100ms - 1ms);  // never earlier, however slow we are
  CHECK(stats_of(outbound).queued == 0);
}

TEST_CASE("what the rate holds back beyond the longest wait is refused as busy") {
  ScriptedServer server(answering([](const std::string&) { return reply(200); }));
  Outbound outbound;
  LaneSettings lane{50, 50, 50ms};
  lane.rate = 1, lane.rate_period = 1h;
  outbound.add(with_lane(server, lane));
  CHECK(code_of(result_of(outbound, read_of())).empty());
  CHECK(code_of(result_of(outbound, read_of())) == "upstream.busy");
}

TEST_CASE("an isolated upstream is not called, not even by what waited, until it is restored") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(with_lane(gated.server, {1, 10, 60s}));
  auto first = begin(outbound, read_of());
  gated.arrived.acquire();
  auto waiting = begin(outbound, read_of());
  CHECK(stats_of(outbound).queued == 1);
  outbound.isolate("test", true);
  const auto refused = waiting.get();
  CHECK(code_of(refused) == "upstream.isolated");
  CHECK_FALSE(std::get<CallProblem>(refused).may_have_been_sent);
  CHECK(code_of(result_of(outbound, write_of())) == "upstream.isolated");
  CHECK(stats_of(outbound).isolated);
  gated.go.release();
  CHECK(code_of(first.get()).empty());  // what is out ends by itself
  outbound.add(with_lane(gated.server, {1, 10, 60s}));
  CHECK(code_of(result_of(outbound, read_of())) == "upstream.isolated");  // also when it was replaced
  const auto checks = kernel::observe::health().checks();
  CHECK(std::any_of(checks.begin(), checks.end(), [](const auto& check) {
    return check.name == "upstream.test" && check.reason.find("isolated") != std::string::npos;
  }));
  outbound.isolate("test", false);
  gated.go.release(5);
  CHECK(code_of(result_of(outbound, read_of())).empty());
  CHECK_THROWS_AS(outbound.isolate("tset", true), portico::Problem);
}
