// What ./dev bench asks of a plugin: a tiny route, a cacheable one, and the time of every call into the host.
#include <portico/plugin.hpp>
#include <thread>

namespace {

using Nanoseconds = std::chrono::duration<double, std::nano>;
using namespace std::chrono_literals;

struct Settings {
  std::string prefix, operation, cookie;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (prefix, operation, cookie))

struct Tiny {
  bool ok = true;
};
BOOST_DESCRIBE_STRUCT(Tiny, (), (ok))

struct Row {
  std::int64_t id = 0;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Row, (), (id, name))

struct Rows {
  std::vector<Row> rows;
};
BOOST_DESCRIBE_STRUCT(Rows, (), (rows))

struct CallTime {
  std::string call;
  double ns = 0;
};
BOOST_DESCRIBE_STRUCT(CallTime, (), (call, ns))

struct CallTimes {
  std::vector<CallTime> calls;
};
BOOST_DESCRIBE_STRUCT(CallTimes, (), (calls))

/// What a call costs that crosses nothing: of the same shape, in another function.
__attribute__((noinline)) std::int64_t direct(std::int64_t number, std::string_view text) {
  asm volatile("" : : "g"(number) : "memory");
  return number + static_cast<std::int64_t>(text.size());
}

/// The median of five rounds, per call; the pauses before the calls are not counted.
template <class F>
CallTime time_of(std::string name, int calls, F call, std::chrono::milliseconds pause = 0ms) {
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    std::chrono::steady_clock::duration paused{};
    for (int i = 0; i < calls; ++i) {
      if (pause > 0ms) {
        const auto before = std::chrono::steady_clock::now();
        std::this_thread::sleep_for(pause);  // on purpose: the calls are this far apart
        paused += std::chrono::steady_clock::now() - before;
      }
      call(i);
    }
    rounds.push_back(Nanoseconds(std::chrono::steady_clock::now() - begun - paused).count() / calls);
  }
  std::sort(rounds.begin(), rounds.end());
  return {std::move(name), rounds[rounds.size() / 2]};
}

Rows rows(int count) {
  Rows answer;
  for (int i = 0; i < count; ++i) answer.rows.push_back({i, "a row of a list"});
  return answer;
}

class Bench final : public portico::Plugin {
  void start(portico::Host& host) override {
    settings_ = host.config().read<Settings>();
    own_ = {settings_.operation.c_str()};
    host.provide(own_, [](const Tiny& in) { return in; });

    if (!settings_.cookie.empty())
      host.identity().provide(
          settings_.cookie, [&host](std::string_view user) -> std::optional<portico::Identity> {
            const auto now = host.clock().now();
            return portico::Identity{std::string(user), "session", "customer", "en", now, now + 1h};
          });

    host.routes()
        .get(settings_.prefix + "/tiny", [](const portico::Request&) { return Tiny{}; })
        .access(portico::Access::anyone)
        .summary("A tiny answer through a worker");

    host.routes()
        .get(settings_.prefix + "/public", [](const portico::Request&) { return rows(12); })
        .access(portico::Access::anyone)
        .cache({portico::CacheScope::shared, 1h, 0ms, 0ms, {}})
        .summary("A public answer out of the cache");

    host.routes()
        .get(settings_.prefix + "/mine", [](const portico::Request&) { return rows(20); })
        .cache({portico::CacheScope::user, 1h, 0ms, 0ms, {"mine:{user}"}})
        .summary("A signed-in caller's answer out of the cache");

    host.routes()
        .get(settings_.prefix + "/stall",
             [](const portico::Request&) {
               std::this_thread::sleep_for(1s);  // on purpose: a stalled handler
               return Tiny{};
             })
        .access(portico::Access::anyone)
        .summary("Keeps a worker and does nothing");
    host.routes()
        .get(settings_.prefix + "/throw",
             [](const portico::Request&) -> Tiny { throw std::runtime_error("as asked"); })
        .access(portico::Access::anyone)
        .summary("Fails every time");
    host.routes()
        .get(settings_.prefix + "/burn",
             [](const portico::Request&) {
               const auto until = std::chrono::steady_clock::now() + 200ms;
               for (std::int64_t n = 0; std::chrono::steady_clock::now() < until;) n = direct(n, {});
               return Tiny{};
             })
        .access(portico::Access::anyone)
        .lane("burn")
        .summary("Keeps a worker and a processor");

    host.routes()
        .get(settings_.prefix + "/operation",
             [&host](const portico::Request& request) {
               const std::string name(request.query("name").value_or(""));
               const auto arguments = boost::json::parse(request.query("arguments").value_or("{}"));
               const portico::Operation<boost::json::value, boost::json::value> operation{name.c_str()};
               const auto times = static_cast<int>(request.query_int("times", 1, 1, 10'000));
               const std::chrono::milliseconds pause(request.query_int("pause_ms", 0, 0, 1000));
               return time_of(
                   name, times, [&](int) { host.call(operation, arguments); }, pause);
             })
        .access(portico::Access::anyone)
        .deadline(60s)
        .summary("What a call of an operation takes");
    host.routes()
        .get(settings_.prefix + "/calls",
             [this, &host](const portico::Request& request) { return calls(host, request); })
        .access(portico::Access::anyone)
        .deadline(60s)
        .summary("What each call into the host takes");
  }

  CallTimes calls(portico::Host& host, const portico::Request& request) const {
    constexpr int kMany = 20'000, kSome = 2'000, kFew = 200;
    const std::string text(64, 'x');
    const portico::CachePolicy kept{1h, 0ms, 0ms, {}};
    const portico::Operation<Tiny, Tiny> other{"bench2.echo/1"};
    CallTimes out;
    out.calls.push_back(time_of("direct call", kMany, [&](int i) { direct(i, text); }));
    out.calls.push_back(time_of("clock.now", kMany, [&](int) { host.clock().now(); }));
    out.calls.push_back(time_of("exchange.field", kMany, [&](int) { (void)request.language(); }));
    out.calls.push_back(
        time_of("exchange.value (header)", kMany, [&](int) { (void)request.header("accept"); }));
    out.calls.push_back(time_of("exchange.principal", kMany, [&](int) { (void)request.principal(); }));
    out.calls.push_back(time_of("exchange.remaining", kMany, [&](int) { (void)request.remaining(); }));
    out.calls.push_back(
        time_of("config.snapshot, decoded", kSome, [&](int) { (void)host.config().read<Settings>(); }));
    out.calls.push_back(
        time_of("log.debug (below the level)", kMany, [&](int) { host.log().debug("nothing"); }));
    out.calls.push_back(
        time_of("metrics.count", kMany, [&](int) { host.metrics().count("calls", "kind", "bench"); }));
    out.calls.push_back(
        time_of("metrics.duration", kMany, [&](int) { host.metrics().duration("calls", 1ms); }));
    out.calls.push_back(time_of("health.report", kSome,
                                [&](int) { host.health().report("bench", portico::HealthState::ok); }));
    out.calls.push_back(
        time_of("crypto.random (16 bytes)", kSome, [&](int) { (void)host.crypto().random(16); }));
    out.calls.push_back(
        time_of("crypto.sha256 (64 bytes)", kSome, [&](int) { (void)host.crypto().sha256(text); }));
    out.calls.push_back(time_of("cache.get_or_load (hit), decoded", kSome, [&](int) {
      (void)host.cache().get_or_load("bench", kept, [] { return Tiny{}; });
    }));
    out.calls.push_back(
        time_of("operation of the same plugin", kSome, [&](int) { (void)host.call(own_, Tiny{}); }));
    try {
      (void)host.call(other, Tiny{});
      out.calls.push_back(
          time_of("operation of another plugin", kFew, [&](int) { (void)host.call(other, Tiny{}); }));
    } catch (const portico::Problem&) {
      // It runs alone.
    }
    out.calls.push_back(time_of("database transaction, one statement", kFew, [&](int) {
      host.database().as_system("bench", [](portico::Transaction& tx) { tx.run("SELECT 1"); });
    }));
    return out;
  }

  Settings settings_;
  portico::Operation<Tiny, Tiny> own_{};
};

}  // namespace

PORTICO_PLUGIN(Bench)
