// Lanes, queues, deadlines, cancellation, and what callers see when upstreams come and go.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <latch>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/outbound/tests/call_support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::test;
using namespace std::chrono_literals;

namespace {

UpstreamSettings one_at_a_time(const ScriptedServer& server, int queue,
                               std::chrono::milliseconds wait = 10s) {
  UpstreamSettings settings = upstream_at(server);
  settings.lanes = {{"standard", {1, queue, wait}}, {"long_running", {1, 0, wait}}};
  return settings;
}

}  // namespace

TEST_CASE("a full queue answers at once, and what waits goes on in order") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(one_at_a_time(gated.server, 1));
  auto first = begin(outbound, read_of());
  gated.arrived.acquire();
  auto second = begin(outbound, read_of());
  const Result third = result_of(outbound, read_of());
  CHECK(code_of(third) == "upstream.busy");
  CHECK(std::get<CallProblem>(third).status == 503);
  CHECK(std::get<CallProblem>(third).retry_after_s > 0);
  CHECK(!std::get<CallProblem>(third).may_have_been_sent);

  const auto stats = outbound.stats();
  REQUIRE(stats.size() == 2);
  CHECK(stats[1].lane == "standard");
  CHECK(stats[1].in_flight == 1);
  CHECK(stats[1].queued == 1);

  gated.go.release(2);
  CHECK(code_of(first.get()).empty());
  CHECK(code_of(second.get()).empty());
  CHECK(outbound.stats()[1].in_flight == 0);
}

TEST_CASE("one lane's load leaves the other lane's room alone") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(one_at_a_time(gated.server, 0));
  auto standard = begin(outbound, read_of());
  gated.arrived.acquire();
  Request slow = read_of();
  slow.lane = "long_running";
  auto long_running = begin(outbound, slow);
  gated.arrived.acquire();
  CHECK(code_of(result_of(outbound, slow)) == "upstream.busy");
  gated.go.release(2);
  CHECK(code_of(standard.get()).empty());
  CHECK(code_of(long_running.get()).empty());
}

TEST_CASE("waiting too long in the queue is busy, and past the deadline is deadline") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(one_at_a_time(gated.server, 5, 50ms));
  auto first = begin(outbound, read_of());
  gated.arrived.acquire();
  CHECK(code_of(result_of(outbound, read_of())) == "upstream.busy");
  Request hurried = read_of();
  hurried.deadline = Clock::now() + 20ms;
  const Result late = result_of(outbound, hurried);
  CHECK(code_of(late) == "upstream.deadline");
  CHECK(std::get<CallProblem>(late).status == 504);
  gated.go.release();
  CHECK(code_of(first.get()).empty());
  CHECK(gated.server.connections() == 1);
}

TEST_CASE("no time left: the call is not started") {
  ScriptedServer server(answering([](const std::string&) { return reply(200); }));
  Outbound outbound;
  outbound.add(upstream_at(server));
  Request late = read_of();
  late.deadline = Clock::now() - 1s;
  CHECK(code_of(result_of(outbound, late)) == "upstream.deadline");
  CHECK(server.connections() == 0);
}

TEST_CASE("the caller's deadline cuts an attempt short") {
  ScriptedServer server([](Connection& c) { c.stall(); });
  Outbound outbound;
  outbound.add(upstream_at(server));
  Request hurried = read_of();
  hurried.deadline = Clock::now() + 600ms;
  CHECK(code_of(result_of(outbound, hurried)) == "upstream.timeout");
}

TEST_CASE("a cancelled read ends at once and makes room for the next call") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(one_at_a_time(gated.server, 5));
  std::stop_source nobody_waits;
  Request request = read_of();
  request.cancel = nobody_waits.get_token();
  auto first = begin(outbound, request);
  gated.arrived.acquire();
  auto waiting = begin(outbound, request);
  auto other = begin(outbound, read_of());
  nobody_waits.request_stop();
  CHECK(code_of(first.get()) == "upstream.cancelled");
  CHECK(code_of(waiting.get()) == "upstream.cancelled");
  gated.arrived.acquire();
  gated.go.release(2);
  CHECK(code_of(other.get()).empty());
  CHECK(code_of(result_of(outbound, request)) == "upstream.cancelled");  // cancelled before it began
}

TEST_CASE("a write is cancelled while it waits, but not once it was sent") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(one_at_a_time(gated.server, 5));
  std::stop_source nobody_waits;
  Request request = write_of();
  request.cancel = nobody_waits.get_token();
  auto sent = begin(outbound, request);
  gated.arrived.acquire();
  auto waiting = begin(outbound, request);
  nobody_waits.request_stop();
  const Result ended = waiting.get();
  CHECK(code_of(ended) == "upstream.cancelled");
  CHECK(!std::get<CallProblem>(ended).may_have_been_sent);
  gated.go.release();
  CHECK(code_of(sent.get()).empty());
}

TEST_CASE("two hundred callers at once all get their own answer") {
  ScriptedServer server(answering([](const std::string& request) {
    const std::size_t begin = request.find("?n=") + 3;
    return reply(200, request.substr(begin, request.find(' ', begin) - begin));
  }));
  Outbound outbound;
  UpstreamSettings settings = upstream_at(server);
  settings.lanes = {{"standard", {50, 1000, 20s}}};
  outbound.add(settings);
  std::atomic<int> right{0};
  std::latch all(200);
  {
    std::vector<std::jthread> callers;
    for (int t = 0; t < 200; ++t) {
      callers.emplace_back([&, t] {
        all.arrive_and_wait();
        for (int i = 0; i < 5; ++i) {
          const std::string n = std::to_string(t) + "." + std::to_string(i);
          if (outbound.call("test", read_of("/x?n=" + n)).body == n) ++right;
        }
      });
    }
  }
  CHECK(right == 1000);
  CHECK(server.connections() <= 50);  // connections are reused
  const auto stats = outbound.stats();
  CHECK(stats.at(0).in_flight == 0);
  CHECK(stats.at(0).queued == 0);
}

TEST_CASE("unknown upstreams, unknown lanes and bad requests are told apart") {
  ScriptedServer server(answering([](const std::string&) { return reply(200); }));
  Outbound outbound;
  CHECK(code_of(result_of(outbound, read_of())) == "upstream.not_configured");
  outbound.add(upstream_at(server));
  Request odd = read_of();
  odd.lane = "fast";
  CHECK(code_of(result_of(outbound, odd)) == "upstream.bad_request");
  CHECK(code_of(result_of(outbound, read_of("/../x"))) == "upstream.bad_request");
  CHECK(server.connections() == 0);
}

TEST_CASE("removing ends what waits and lets what was sent finish") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(one_at_a_time(gated.server, 5));
  auto sent = begin(outbound, read_of());
  gated.arrived.acquire();
  auto waiting = begin(outbound, read_of());
  outbound.remove("test");
  outbound.remove("never there");
  CHECK(code_of(waiting.get()) == "upstream.not_configured");
  CHECK(code_of(result_of(outbound, read_of())) == "upstream.not_configured");
  gated.go.release();
  CHECK(code_of(sent.get()).empty());
  CHECK(outbound.stats().empty());
}

TEST_CASE("replacing an upstream sends new calls to the new address") {
  ScriptedServer old_one(answering([](const std::string&) { return reply(200, "old"); }));
  ScriptedServer new_one(answering([](const std::string&) { return reply(200, "new"); }));
  Outbound outbound;
  outbound.add(upstream_at(old_one));
  CHECK(outbound.call("test", read_of()).body == "old");
  outbound.add(upstream_at(new_one));
  CHECK(outbound.call("test", read_of()).body == "new");
}

TEST_CASE("stop ends every call, and later ones at once") {
  GatedServer gated;
  Outbound outbound;
  outbound.add(one_at_a_time(gated.server, 5));
  auto sent = begin(outbound, write_of());
  gated.arrived.acquire();
  auto waiting = begin(outbound, write_of());
  outbound.stop();
  const Result ended = sent.get();
  CHECK(code_of(ended) == "upstream.stopping");
  CHECK(std::get<CallProblem>(ended).may_have_been_sent);
  CHECK(code_of(waiting.get()) == "upstream.stopping");
  CHECK(code_of(result_of(outbound, read_of())) == "upstream.stopping");
  CHECK(outbound.stats().empty());
  outbound.stop();
}

TEST_CASE("callbacks may call on, may manage upstreams, may throw, but must not wait for a call") {
  ScriptedServer server(answering([](const std::string&) { return reply(200); }));
  Outbound outbound;
  outbound.add(upstream_at(server));
  std::promise<std::string> seen;
  outbound.call_async("test", read_of(), [&](Result) {
    const Result waited = result_of(outbound, read_of());
    outbound.report_bad_reply("test");
    outbound.call_async("test", read_of(), [&, waited](Result second) {
      outbound.remove("test");
      seen.set_value(code_of(waited) + "|" + code_of(second));
      throw std::runtime_error("from a callback");
    });
  });
  CHECK(seen.get_future().get() == "upstream.bad_request|");
  CHECK(code_of(result_of(outbound, read_of())) == "upstream.not_configured");
}

TEST_CASE("calls are counted by upstream, operation and outcome") {
  ScriptedServer server(answering([](const std::string& request) {
    return reply(request.find("missing") != std::string::npos ? 404 : 200);
  }));
  Outbound outbound;
  UpstreamSettings settings = upstream_at(server);
  settings.name = "counted";
  outbound.add(settings);
  outbound.call("counted", read_of());
  outbound.call("counted", read_of());
  outbound.call("counted", read_of("/missing"));
  const std::string page = kernel::observe::render_metrics();
  const std::string calls = "portico_outbound_calls_total{operation=\"Test\",outcome=";
  CHECK(page.find(calls + "\"ok\",upstream=\"counted\"} 2\n") != std::string::npos);
  CHECK(page.find(calls + "\"client_error\",upstream=\"counted\"} 1\n") != std::string::npos);
  CHECK(page.find("portico_outbound_attempts_total{upstream=\"counted\"} 3\n") != std::string::npos);
  CHECK(page.find("portico_outbound_in_flight{lane=\"standard\",upstream=\"counted\"} 0\n") !=
        std::string::npos);
  CHECK(page.find("portico_outbound_call_seconds_count{operation=\"Test\",upstream=\"counted\"} 3\n") !=
        std::string::npos);
}

TEST_CASE("neither log nor problem repeats query, headers, body or reply") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  kernel::observe::set_output(ends[1]);
  kernel::observe::set_level(kernel::observe::Level::debug);
  std::string details;
  {
    ScriptedServer server([](Connection& c) {
      c.read_request();
      c.send("HTTP/1.1 200 hunter2\r\nX-Secret: hunter2\r\nContent-Length: 100\r\n\r\nhunter2");
    });
    Outbound outbound;
    outbound.add(upstream_at(server));
    const kernel::observe::CorrelationScope scope("correlation-0001");
    Request request = write_of("secret=hunter2", "/x?access_token=hunter2&plain=hunter2");
    request.headers = {{"Authorization", "Bearer hunter2"}};
    details += std::get<CallProblem>(result_of(outbound, request)).detail;
    request.path = "/hunter2\r\n";
    details += std::get<CallProblem>(result_of(outbound, request)).detail;
  }
  kernel::observe::set_output(STDERR_FILENO);
  kernel::observe::set_level(kernel::observe::Level::info);
  std::string lines(1 << 16, '\0');
  lines.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], lines.data(), lines.size()))));
  ::close(ends[0]);
  ::close(ends[1]);
  CHECK(lines.find("\"outcome\":\"unavailable\"") != std::string::npos);
  CHECK(lines.find("\"correlation_id\":\"correlation-0001\"") != std::string::npos);
  CHECK(lines.find("hunter2") == std::string::npos);
  CHECK(details.find("hunter2") == std::string::npos);
}
