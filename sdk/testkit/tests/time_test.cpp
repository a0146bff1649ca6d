// Time stands still until a test moves it: tasks, cron, queues and deliveries run on the way.
#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

const Event<Name> kNamed{"acme.named/1"};
const portico::Queue<Name> kNames{"acme.names"};

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : " ") + item;
  return out;
}

}  // namespace

TEST_CASE("the clock moves when it is told to") {
  TestHost host;
  Host* inside = nullptr;
  start(host, [&](Host& h) { inside = &h; });
  const auto began = inside->clock().now();
  CHECK(began == Time(std::chrono::sys_days(std::chrono::year(2030) / 1 / 1)));
  CHECK(inside->clock().now() == began);
  host.advance(90s);
  CHECK(inside->clock().now() == began + 90s);
  CHECK(inside->clock().monotonic() == (began + 90s).time_since_epoch());
  host.set_time(Time(5us));
  CHECK(host.now() == Time(5us));
}

TEST_CASE("tasks run in the order of their times, each at its time") {
  TestHost host;
  std::vector<std::string> runs;
  start(host, [&](Host& h) {
    const auto note = [&runs, &h, t0 = h.clock().now()](const char* name) {
      runs.push_back(
          std::string(name) + "@" +
          std::to_string(std::chrono::duration_cast<std::chrono::seconds>(h.clock().now() - t0).count()));
    };
    h.tasks().every("acme.two", 20s, [=] { note("two"); });
    h.tasks().every("acme.three", 30s, [=] { note("three"); });
  });
  CHECK(host.registered().tasks == std::vector<std::string>{"acme.three", "acme.two"});
  host.advance(19s);
  CHECK(runs.empty());
  host.advance(51s);
  CHECK(joined(runs) == "two@20 three@30 two@40 three@60 two@60");
  host.run_task("acme.two");
  CHECK(runs.back() == "two@70");
}

TEST_CASE("a task that fails: its problem in run_task, a line in the log on the way of the clock") {
  TestHost host;
  start(host, [](Host& h) { h.tasks().every("acme.t", 1s, [] { throw Problem(503, "acme.away"); }); });
  CHECK(problem_of([&] { host.run_task("acme.t"); }) == "503 acme.away");
  host.advance(1s);
  REQUIRE(host.log().size() == 1);
  CHECK(host.log()[0].text() == "a task failed task=acme.t code=acme.away");
  CHECK(fault_of([&] { host.run_task("acme.u"); }) == "the plugin has no task acme.u");
}

TEST_CASE("cron in the portal's time zone") {
  struct Row {
    const char *expression, *zone;
    const char* times;  // hours and minutes UTC after 2030-01-01T00:00Z, of the first two runs
  };
  const Row rows[] = {
      {"30 9 * * *", "Asia/Tokyo", "00:30 24:30"},   {"0 0 * * *", "UTC", "24:00 48:00"},
      {"*/20 1 * * *", "UTC", "01:00 01:20"},        {"15 1-2 * * *", "UTC", "01:15 02:15"},
      {"0 12 * * wed,fri", "UTC", "36:00 84:00"},    {"0 0 3 jan *", "UTC", "48:00"},
      {"0 0 3 * sat", "UTC", "48:00 96:00"},         {"5,10 0 * * *", "UTC", "00:05 00:10"},
      {"0 2 * * *", "Europe/Zurich", "01:00 25:00"},
  };
  for (const auto& row : rows) {
    INFO(row.expression << " in " << row.zone);
    TestHost host;
    host.portal({{"time_zone", row.zone}});
    std::vector<std::string> times;
    start(host, [&](Host& h) {
      h.tasks().cron("acme.t", row.expression, [&times, &h, t0 = h.clock().now()] {
        const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(h.clock().now() - t0).count();
        times.push_back(fmt::format("{:02}:{:02}", minutes / 60, minutes % 60));
      });
    });
    host.advance(96h);
    times.resize(std::min<std::size_t>(times.size(), 2));
    CHECK(joined(times) == row.times);
  }
  for (const char* bad : {"", "* * * *", "* * * * * *", "60 * * * *", "* * 0 * *", "a * * * *", "5-1 * * * *",
                          "*/0 * * * *", "* * * 13 *"}) {
    INFO(bad);
    TestHost host;
    CHECK(problem_of([&] { start(host, [&](Host& h) { h.tasks().cron("t", bad, [] {}); }); }) ==
          "422 plugin.task_invalid");
  }
}

TEST_CASE("a queue: attempts, back-off, dead letters, order per key, priorities, dedup") {
  TestHost host;
  std::vector<std::string> done;
  int failures = 0;
  start(host, [&](Host& h) {
    h.tasks().queue(kNames,
                    [&](const Name& name, const Job& job) {
                      if (name.name == "bad") throw Permanent(422, "acme.bad");
                      if (name.name == "often" && failures-- > 0) throw Problem(503, "acme.away");
                      job.progress(1, 1, "there");
                      done.push_back(name.name + "#" + std::to_string(job.attempt()));
                    },
                    {.attempts = 3, .backoff = 10s});
    h.routes()
        .post("/put",
              [&h](const Request&, const Name& body) {
                const auto comma = body.name.find(',');
                EnqueueOptions options;
                options.key = body.name.substr(0, comma);
                if (body.name.find('!') != body.name.npos) options.priority = -1;
                if (body.name.find('=') != body.name.npos) options.dedup_key = body.name;
                return Greeting{std::to_string(h.tasks().enqueue(
                    kNames, Name{body.name.substr(std::min(comma + 1, body.name.size()))}, options))};
              })
        .access(Access::anyone);
  });
  const auto put = [&](const char* text) {
    return host.post("/put", {{"name", text}}).as<Greeting>().message;
  };
  CHECK(put("k1,a") == "1");
  CHECK(put("k2,b") == "2");
  CHECK(put("!,urgent") == "3");
  CHECK(host.work() == 3);
  CHECK(joined(done) == "urgent#1 a#1 b#1");
  CHECK(host.jobs().at(0).state == "done");
  CHECK(host.jobs().at(0).note == "there");
  done.clear();

  failures = 2;
  put("k1,often"), put("k1,after"), put("k2,other");
  CHECK(host.work() == 2);  // nothing passes what is older of its key
  CHECK(joined(done) == "other#1");
  host.advance(9s);
  CHECK(joined(done) == "other#1");
  host.advance(1s);  // the second attempt
  host.advance(20s);
  CHECK(joined(done) == "other#1 often#3 after#1");
  done.clear();

  failures = 3;
  put("k,often"), put("k,bad");
  host.advance(1h);
  CHECK(done.empty());
  auto jobs = host.jobs();
  CHECK(jobs.at(jobs.size() - 2).state == "dead");
  CHECK(jobs.at(jobs.size() - 2).attempt == 3);
  CHECK(jobs.at(jobs.size() - 2).last_error.find("acme.away") == 0);
  CHECK(jobs.back().state == "dead");
  CHECK(jobs.back().attempt == 1);

  CHECK(put("x=1,a") != "0");
  CHECK(put("x=1,a") == "0");
  CHECK(host.work() == 1);
}

TEST_CASE("jobs are cancelled, looked at, and lost to another replica") {
  TestHost host;
  std::string seen;
  start(host, [&](Host& h) {
    h.tasks().queue(kNames, [&](const Name& name, const Job& job) {
      if (name.name == "self") h.tasks().cancel(job.id());
      seen += job.wanted() ? "wanted " : "unwanted ";
      if (name.name == "lost") job.progress(1, 2);
    });
    h.routes()
        .post("/put/{name}",
              [&h](const Request& rq) {
                const auto id = h.tasks().enqueue(kNames, Name{std::string(rq.path("name"))});
                if (rq.path("name") == "cancelled") h.tasks().cancel(id);
                return Greeting{h.tasks().look(id).state};
              })
        .access(Access::anyone);
    h.routes()
        .get("/none", [&h](const Request&) { return Greeting{h.tasks().look(99).state}; })
        .access(Access::anyone);
  });
  CHECK(host.post("/put/cancelled").as<Greeting>().message == "cancelled");
  CHECK(host.post("/put/self").as<Greeting>().message == "available");
  CHECK(host.get("/none").code == "work.no_such_job");
  CHECK(host.run_queue("acme.names") == 1);
  CHECK(seen == "unwanted ");
  CHECK(host.jobs().back().state == "cancelled");
  host.post("/put/lost");
  host.lose_leases(true);
  CHECK(host.work() == 1);
  CHECK(host.jobs().back().last_error.find("work.lease_lost") == 0);
}

TEST_CASE("events: published ones can be read, other plugins' are delivered") {
  TestHost host;
  std::string got;
  start(host, [&](Host& h) {
    h.events().subscribe(kNamed, [&](const Name& name, const Job& job) {
      got += name.name + "#" + std::to_string(job.attempt()) + " ";
      if (name.name == "first" && job.attempt() == 1) throw Problem(503, "acme.away");
    });
    h.routes()
        .post("/tell",
              [&h](const Request&) {
                h.events().publish(kNamed, Name{"own"}, {"k", "once"});
              })
        .access(Access::anyone);
  });
  CHECK(host.registered().subscriptions == std::vector<std::string>{"acme.named/1"});
  host.post("/tell"), host.post("/tell");
  REQUIRE(host.published().size() == 1);
  CHECK(host.published()[0].payload == R"({"name":"own"})");
  CHECK(host.deliver() == 1);
  host.publish(kNamed, Name{"first"}, "k").publish(kNamed, Name{"second"}, "k").publish("else/1", "{}", "");
  CHECK(host.deliver() == 1);
  host.advance(1s);
  CHECK(got == "own#1 first#1 first#2 second#1 ");
}

TEST_CASE("a payload that no host would store is refused") {
  TestHost host;
  start(host, [](Host& h) {
    h.routes()
        .post("/x", [&h](const Request&) { h.events().publish(kNamed, Name{std::string(70'000, 'x')}); })
        .access(Access::anyone);
  });
  CHECK(host.post("/x").code == "work.invalid");
}
