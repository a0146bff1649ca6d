// Workflows in a test, by the rules that docs/reference/workflows.md shows.
#include "probe.hpp"

using namespace portico;
using namespace portico::testkit;

namespace {

/// What each call of a step says, in turn; the last one goes on saying it.
struct Script {
  std::vector<Step> says;
  std::size_t at = 0;
  Step next() { return says.empty() ? Step::done() : says[std::min(at++, says.size() - 1)]; }
};

struct Shop {
  Script reserve, look, pay;
  bool has_look = true, repeatable = false, no_return = false;
  std::string calls;
  std::string last_marker;

  void define(Host& h) {
    WorkflowSpec spec;
    spec.kind = "orders.place", spec.title = {"Order", "ご注文"};
    StepSpec first;
    first.name = "reserve", first.title = {"Reserve", "引き当て"}, first.attempts = 3, first.backoff = 10s;
    first.repeatable = repeatable, first.no_return = no_return;
    first.run = [this](const StepCall& call) { return note("reserve", call), reserve.next(); };
    if (has_look) first.look = [this](const StepCall& call) { return note("look", call), look.next(); };
    first.undo.run = [this](const StepCall& call) { return note("release", call), Step::done(); };
    StepSpec second;
    second.name = "approve", second.title = {"Approve", "承認"}, second.signal = "approved", second.wait = 1h;
    StepSpec third;
    third.name = "pay", third.title = {"Pay", "支払い"}, third.attempts = 2, third.backoff = 10s;
    third.run = [this](const StepCall& call) {
      note("pay:" + std::string(call.output_of("approve").is_string()
                                    ? call.output_of("approve").as_string().c_str()
                                    : "-"),
           call);
      return pay.next();
    };
    spec.steps = {first, second, third};
    h.workflows().define(std::move(spec));
    h.routes()
        .post("/order/{key}",
              [&h](const Request& rq) {
                return Greeting{h.workflows().start({.kind = "orders.place",
                                                     .key = std::string(rq.path("key")),
                                                     .user_id = "u-1",
                                                     .input = {{"n", 7}}})};
              })
        .access(Access::anyone);
    h.routes().get(
        "/mine", [&h](const Request&) { return Greeting{std::to_string(h.workflows().list("u-1").size())}; });
  }
  void note(const std::string& what, const StepCall& call) {
    calls += (calls.empty() ? "" : " ") + what;
    last_marker = std::string(call.marker());
    CHECK(call.input().at("n") == 7);
  }
};

std::string order(TestHost& host, const char* key = "k1") {
  return host.post(std::string("/order/") + key).as<Greeting>().message;
}

}  // namespace

TEST_CASE("a workflow goes through its steps, waits for its signal, and ends") {
  TestHost host;
  Shop shop;
  start(host, [&](Host& h) { shop.define(h); });
  CHECK(host.registered().workflows == std::vector<std::string>{"orders.place/1"});
  const auto id = order(host);
  CHECK(order(host) == id);  // the same key
  host.run_workflows();
  CHECK(shop.calls == "reserve");
  auto state = host.workflow(id);
  CHECK(state.state == WorkflowState::waiting);
  CHECK(state.step == "approve");
  CHECK(state.holder.kind == HolderKind::signal);
  CHECK(state.can_cancel);
  host.signal_workflow(id, "approved", "yes");
  host.run_workflows();
  CHECK(shop.calls == "reserve pay:yes");
  state = host.workflow(id);
  CHECK(state.state == WorkflowState::done);
  CHECK(state.finished_at == "2030-01-01T00:00:00Z");
  host.sign_in({.user_id = "u-1"});
  CHECK(host.get("/mine").as<Greeting>().message == "1");
}

TEST_CASE("one move at a time") {
  TestHost host;
  Shop shop;
  start(host, [&](Host& h) { shop.define(h); });
  const auto id = order(host);
  host.signal_workflow(id, "approved");  // before anybody waits: kept
  CHECK(host.step_workflows());
  CHECK(shop.calls == "reserve");
  CHECK(host.workflow(id).step == "approve");
  while (host.step_workflows()) {
  }
  CHECK(host.workflow(id).state == WorkflowState::done);
}

TEST_CASE("what a step says decides where the workflow goes") {
  struct Row {
    const char* rule;
    std::function<void(Shop&)> change;
    const char* calls;
    WorkflowState state;
  };
  const Row rows[] = {
      {"again, then done",
       [](Shop& s) {
         s.reserve.says = {Step::again("x"), Step::done()};
       },
       "reserve reserve pay:-", WorkflowState::done},
      {"again until the tries are used up: nothing to undo",
       [](Shop& s) { s.reserve.says = {Step::again("x")}; }, "reserve reserve reserve",
       WorkflowState::undone},
      {"unknown, and it had happened",
       [](Shop& s) { s.reserve.says = {Step::unknown("x")}, s.look.says = {Step::done()}; },
       "reserve look pay:-", WorkflowState::done},
      {"unknown, and it had not",
       [](Shop& s) {
         s.reserve.says = {Step::unknown("x"), Step::done()}, s.look.says = {Step::not_found()};
       },
       "reserve look reserve pay:-", WorkflowState::done},
      {"unknown, and looking never tells",
       [](Shop& s) { s.reserve.says = {Step::unknown("x")}, s.look.says = {Step::unknown("y")}; },
       "reserve look look look", WorkflowState::attention},
      {"unknown without a look", [](Shop& s) { s.has_look = false, s.reserve.says = {Step::unknown("x")}; },
       "reserve", WorkflowState::attention},
      {"unknown, without a look but repeatable",
       [](Shop& s) {
         s.has_look = false, s.repeatable = true, s.reserve.says = {Step::unknown("x"), Step::done()};
       },
       "reserve reserve pay:-", WorkflowState::done},
      {"later is no try",
       [](Shop& s) {
         s.reserve.says = {Step::later(5s), Step::later(5s), Step::later(5s), Step::later(5s), Step::done()};
       },
       "reserve reserve reserve reserve reserve pay:-", WorkflowState::done},
      {"a later step fails: what is done is undone", [](Shop& s) { s.pay.says = {Step::failed("x")}; },
       "reserve pay:- release", WorkflowState::undone},
      {"… but not past a step of no return",
       [](Shop& s) { s.no_return = true, s.pay.says = {Step::failed("x")}; }, "reserve pay:-",
       WorkflowState::attention},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    TestHost host;
    Shop shop;
    row.change(shop);
    start(host, [&](Host& h) { shop.define(h); });
    const auto id = order(host);
    host.signal_workflow(id, "approved");
    host.advance(10min);
    CHECK(shop.calls == row.calls);
    CHECK(host.workflow(id).state == row.state);
  }
}

TEST_CASE("nobody answers in time, somebody cancels, a person decides") {
  SECTION("the wait ends and what is done is undone") {
    TestHost host;
    Shop shop;
    start(host, [&](Host& h) { shop.define(h); });
    const auto id = order(host);
    host.advance(59min);
    CHECK(host.workflow(id).state == WorkflowState::waiting);
    host.advance(1min);
    CHECK(host.workflow(id).state == WorkflowState::undone);
    CHECK(host.workflow(id).code == "workflows.nobody_answered");
    CHECK(shop.calls == "reserve release");
    CHECK(shop.last_marker.find("reserve.undo") != std::string::npos);
  }
  SECTION("a cancel while it waits") {
    TestHost host;
    Shop shop;
    start(host, [&](Host& h) { shop.define(h); });
    const auto id = order(host);
    host.run_workflows();
    host.cancel_workflow(id);
    host.run_workflows();
    CHECK(host.workflow(id).state == WorkflowState::undone);
    CHECK(shop.calls == "reserve release");
  }
  SECTION("retry, skip and fail") {
    for (const auto& [decision, state] : {std::pair{"retry", WorkflowState::done},
                                          {"skip", WorkflowState::done},
                                          {"fail", WorkflowState::undone}}) {
      INFO(decision);
      TestHost host;
      Shop shop;
      shop.has_look = false, shop.reserve.says = {Step::unknown("x"), Step::done()};
      start(host, [&](Host& h) { shop.define(h); });
      const auto id = order(host);
      host.signal_workflow(id, "approved");
      host.run_workflows();
      REQUIRE(host.workflow(id).state == WorkflowState::attention);
      CHECK(host.workflow(id).holder.kind == HolderKind::staff);
      host.decide_workflow(id, decision);
      host.run_workflows();
      CHECK(host.workflow(id).state == state);
    }
  }
}

TEST_CASE(
    "definitions that the host would refuse fail the start, and so does a kind that is not in the manifest") {
  const auto outcome = [](std::function<void(WorkflowSpec&)> change, const char* manifest) {
    return problem_of([&] {
      TestHost host;
      if (manifest) host.manifest(manifest);
      start(host, [&](Host& h) {
        WorkflowSpec spec;
        spec.kind = "orders.place", spec.title = {"a", "b"};
        StepSpec step;
        step.name = "one", step.title = {"a", "b"}, step.run = [](const StepCall&) { return Step::done(); };
        spec.steps = {step};
        change(spec);
        h.workflows().define(std::move(spec));
      });
    });
  };
  CHECK(outcome([](WorkflowSpec&) {}, nullptr).empty());
  CHECK(outcome([](WorkflowSpec& s) { s.title.ja.clear(); }, nullptr) == "422 plugin.workflow_invalid");
  CHECK(outcome([](WorkflowSpec& s) { s.steps[0].name = "No"; }, nullptr) == "422 plugin.workflow_invalid");
  CHECK(outcome([](WorkflowSpec& s) { s.steps[0].run = nullptr; }, nullptr) == "422 plugin.workflow_invalid");
  CHECK(outcome([](WorkflowSpec& s) { s.steps.clear(); }, nullptr) == "422 plugin.workflow_invalid");
  CHECK(
      outcome(
          [](WorkflowSpec&) {},
          R"({"id":"acme","extensions":{"required":["portico.workflows/1"]},"workflows":["acme.other"]})") ==
      "403 plugin.not_in_manifest");
}
