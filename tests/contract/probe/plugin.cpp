// A plugin that misbehaves on request: what its handlers throw, and what it reads past the owners of rows.
#include <portico/plugin.hpp>

namespace {

struct Count {
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Count, (), (count))

class Probe final : public portico::Plugin {
  void start(portico::Host& host) override {
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
        .get("/api/probe/all-rows",
             [&host](const portico::Request&) {
               return host.database().as_system("probe counts all rows", [](portico::Transaction& tx) {
                 return Count{tx.run("SELECT count(*) FROM things").integer(0, 0)};
               });
             })
        .access(portico::Access::anyone)
        .summary("Reads past the owners of rows");
  }
};

}  // namespace

PORTICO_PLUGIN(Probe)
