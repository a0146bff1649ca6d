// A plugin whose every callback throws what is no exception: the C++ layer lets nothing of it out.
#include <portico/plugin.hpp>

using namespace std::chrono_literals;

namespace {

struct Nothing {
  std::string unused;
};
BOOST_DESCRIBE_STRUCT(Nothing, (), (unused))

struct Thrown {};

template <class... Any>
constexpr auto throws = [](const Any&...) -> Nothing { throw Thrown{}; };

portico::Step throw_in_step(const portico::StepCall&) {
  throw Thrown{};
}

class Throwing final : public portico::Plugin {
  void start(portico::Host& host) override {
    host.routes().get("/api/throwing/plain", throws<portico::Request>).access(portico::Access::anyone);
    host.routes()
        .post("/api/throwing/later",
              [this](const portico::Request& request) {
                auto later = request.later();
                later.on_cancel([] { throw Thrown{}; });
                if (later.cancelled())
                  kept_ = std::move(later);
                else
                  later.answer(Nothing{});
                return portico::handled;
              })
        .access(portico::Access::anyone);
    host.routes()
        .get("/api/throwing/cached",
             [&host](const portico::Request&) {
               return host.cache().get_or_load("one", {.fresh = 1s}, throws<>);
             })
        .access(portico::Access::anyone);
    host.provide(portico::Operation<Nothing, Nothing>{"throwing.operation/1"}, throws<Nothing>);
    host.tasks().every("throwing.every", 1h, [] { throw Thrown{}; });
    host.tasks().cron("throwing.cron", "0 0 * * *", [] { throw Thrown{}; });
    host.tasks().queue(portico::Queue<Nothing>{"throwing.queue"}, throws<Nothing, portico::Job>);
    host.events().subscribe(portico::Event<Nothing>{"throwing.event/1"}, throws<Nothing, portico::Job>);
    host.identity().provide("throwing",
                            [](std::string_view) -> std::optional<portico::Identity> { throw Thrown{}; });
    host.workflows().define({.kind = "throwing.workflow",
                             .title = {"Throwing", "Throwing"},
                             .steps = {{.name = "one",
                                        .title = {"One", "One"},
                                        .run = throw_in_step,
                                        .look = throw_in_step,
                                        .undo = {.run = throw_in_step, .look = throw_in_step}}}});
  }
  void stop() override { throw Thrown{}; }

  std::optional<portico::Later> kept_;  // until it is cancelled
};

}  // namespace

PORTICO_PLUGIN(Throwing)
