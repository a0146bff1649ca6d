// A plugin that misbehaves on request: what its callbacks throw, and what it reads past the owners of rows.
#include <atomic>
#include <portico/plugin.hpp>

namespace {

struct Count {
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Count, (), (count))

struct Settings {
  std::string throw_in;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (throw_in))

constexpr portico::Operation<Count, Count> kThrows{"probe.throws/1"};

class Probe final : public portico::Plugin {
  void start(portico::Host& host) override {
    throw_in_ = host.config().read<Settings>().throw_in;
    if (throw_in_ == "start") throw std::runtime_error("start was told to throw");
    if (throw_in_ == "start with a number") throw 7;

    host.routes()
        .get("/api/probe/throws/{what}",
             [](const portico::Request& request) -> Count {
               const auto what = request.path("what");
               if (what == "exception") throw std::runtime_error("what only the log may say");
               if (what == "number") throw 7;
               if (what == "problem") throw portico::Problem(409, "probe.conflict", "as declared");
               return {};
             })
        .access(portico::Access::anyone)
        .summary("Throws what it is told to");

    host.routes()
        .get("/api/probe/throws-inside/{where}",
             [this, &host](const portico::Request& request) -> Count {
               const auto where = request.path("where");
               if (where == "operation") return host.call(kThrows, Count{});
               if (where == "load")
                 return host.cache().get_or_load("probe", {.fresh = std::chrono::seconds(1)},
                                                 []() -> Count { throw 7; });
               return Count{runs_of_task_};
             })
        .access(portico::Access::anyone)
        .summary("Calls what throws: an operation, a cache's load, a task");

    host.provide(kThrows, [](const Count&) -> Count { throw std::logic_error("the operation throws"); });
    host.tasks().every(
        "probe.throws", std::chrono::milliseconds(100),
        [this] {
          ++runs_of_task_;
          throw 7;
        },
        portico::Replicas::every);

    host.routes()
        .get("/api/probe/all-rows",
             [&host](const portico::Request&) {
               return host.database().as_system("probe counts all rows", [](portico::Transaction& tx) {
                 return Count{tx.run("SELECT count(*) FROM things").integer(0, 0)};
               });
             })
        .access(portico::Access::anyone)
        .summary("Reads past the owners of rows");
  }

  void stop() override {
    if (throw_in_ == "stop") throw std::runtime_error("stop was told to throw");
  }

  std::string throw_in_;
  std::atomic<std::int64_t> runs_of_task_{0};
};

}  // namespace

PORTICO_PLUGIN(Probe)
