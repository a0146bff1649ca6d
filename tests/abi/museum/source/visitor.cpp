// A piece of the museum in C++: it tries much of what a plugin can do, and its routes say how that went.
#include <atomic>
#include <portico/plugin.hpp>

using namespace std::chrono_literals;

namespace {

struct Settings {
  std::string word;
  std::int64_t limit = 0;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (word, limit))

struct Sum {
  std::int64_t a = 0, b = 0;
};
BOOST_DESCRIBE_STRUCT(Sum, (), (a, b))

struct Result {
  std::int64_t sum = 0;
};
BOOST_DESCRIBE_STRUCT(Result, (), (sum))

struct Visit {
  std::string name, word, method, language;
  std::int64_t limit = 0, sum = 0, beats = 0;
  bool sealed = false, hashed = false, timed = false;
};
BOOST_DESCRIBE_STRUCT(Visit, (), (name, word, method, language, limit, sum, beats, sealed, hashed, timed))

constexpr portico::Operation<Sum, Result> kAdd{MUSEUM_ID ".add/1"};

class Visitor final : public portico::Plugin {
  void start(portico::Host& host) override {
    const auto settings = host.config().read<Settings>();
    host.routes()
        .get("/api/" MUSEUM_ID "/visit/{name}",
             [this, &host, settings](const portico::Request& request) {
               const auto name = std::string(request.path("name"));
               if (name == "nobody") throw portico::Problem(404, "museum.nobody", "as asked for");
               if (name == "throws") throw std::runtime_error("as asked for");
               Visit visit;
               visit.name = name;
               visit.word = settings.word;
               visit.limit = settings.limit;
               visit.method = std::string(request.method());
               visit.language = std::string(request.language());
               visit.sum = host.call(kAdd, Sum{20, 22}).sum;
               visit.beats = beats_;
               visit.sealed = host.crypto().open(host.crypto().seal("plain", "museum"), "museum") == "plain";
               visit.hashed = host.crypto().sha256("abc").substr(0, 2) == "\xba\x78";
               visit.timed = host.clock().now().time_since_epoch() > 1000h;
               host.metrics().count("visits");
               host.log().info("visited", {{"name", name}});
               return visit;
             })
        .access(portico::Access::anyone)
        .summary("Tries much of the SDK");
    host.routes()
        .get("/api/" MUSEUM_ID "/cached",
             [this, &host](const portico::Request&) {
               return host.cache().get_or_load("one", {.fresh = 60s}, [this] { return Result{++loads_}; });
             })
        .access(portico::Access::anyone)
        .summary("Loads once");
    host.provide(kAdd, [](const Sum& sum) { return Result{sum.a + sum.b}; });
    host.tasks().every(
        MUSEUM_ID ".beat", 200ms, [this] { ++beats_; }, portico::Replicas::every);
    host.pages().page("/" MUSEUM_ID, {"Museum", "博物館"}, portico::Access::anyone);
    host.health().report("museum", portico::HealthState::ok);
  }

  std::atomic<std::int64_t> beats_{0}, loads_{0};
};

}  // namespace

PORTICO_PLUGIN(Visitor)
