// A plugin whose errands go wrong in the way their input says.
#include <signal.h>

#include <portico/plugin.hpp>

namespace {

using portico::Step;
using portico::StepCall;
using namespace std::chrono_literals;

struct NewErrand {
  std::string key;
  std::optional<std::string> trouble;  // "lost", "refused", "unclear", "killed", "rolled_back"
};
BOOST_DESCRIBE_STRUCT(NewErrand, (), (key, trouble))

struct Errand {
  std::string workflow;
};
BOOST_DESCRIBE_STRUCT(Errand, (), (workflow))

struct Approval {
  bool approved = false;
};
BOOST_DESCRIBE_STRUCT(Approval, (), (approved))

class Errands final : public portico::Plugin {
  void start(portico::Host& host) override {
    host_ = &host;
    portico::StepSpec reserve{.name = "reserve", .title = {"Reserve", "引き当て"}};
    reserve.run = [this](const StepCall& call) { return run_reserve(call); };
    reserve.look = [this](const StepCall& call) {
      return seen(call, "reserved") ? Step::done({{"by", "look"}}) : Step::not_found();
    };
    reserve.undo = {.run = [this](const StepCall& call) { return put(call, "released"), Step::done(); },
                    .repeatable = true};
    portico::StepSpec approve{.name = "approve", .title = {"Approval", "承認"}};
    approve.holder = {"The customer", "お客様"};
    approve.signal = "approved";
    approve.wait = 24h;
    portico::StepSpec deliver{.name = "deliver", .title = {"Deliver", "お届け"}, .no_return = true};
    deliver.run = [this](const StepCall& call) {
      if (!call.output_of("approve").at("approved").as_bool()) return Step::failed("errands.not_approved");
      if (trouble(call) == "unclear") throw portico::Problem(504, "errands.no_answer", "and nobody can look");
      put(call, "delivered");
      return Step::done({{"reserved_by", call.output_of("reserve").at("by")}});
    };
    host.workflows().define({.kind = "errands.run",
                             .title = {"Errand", "お使い"},
                             .lane = "steps",
                             .steps = {reserve, approve, deliver}});

    host.routes()
        .post("/api/errands",
              [this](const portico::Request& request, const NewErrand& what) { return begin(request, what); })
        .summary("Starts an errand in the transaction that stores it");
    host.routes()
        .post("/api/errands/{id}/approve",
              [this](const portico::Request& request, const Approval& approval) {
                mine(request);
                host_->workflows().signal(request.path("id"), "approved", portico::encode(approval),
                                          "approval");
                return mine(request);
              })
        .summary("Answers the errand's question");
    host.routes()
        .post("/api/errands/{id}/cancel",
              [this](const portico::Request& request) {
                mine(request);
                host_->workflows().cancel(request.path("id"));
                return mine(request);
              })
        .summary("Cancels an errand");
    host.routes()
        .get("/api/errands",
             [this](const portico::Request& request) {
               return portico::WorkflowList{host_->workflows().list(request.user_id()), {}};
             })
        .summary("The caller's errands");
  }

  Errand begin(const portico::Request& request, const NewErrand& what) {
    const std::string user(request.user_id());
    return host_->database().as_user(user, [&](portico::Transaction& tx) {
      boost::json::object input{{"trouble", what.trouble.value_or("")}};
      const auto id = host_->workflows().start(
          tx,
          {.kind = "errands.run", .key = user + ":" + what.key, .user_id = user, .input = std::move(input)});
      tx.run("INSERT INTO errand(user_id, workflow) VALUES ($1::uuid, $2::uuid)", {user, id});
      if (what.trouble == "rolled_back") throw portico::Problem(409, "errands.rolled_back");
      return Errand{id};
    });
  }

  portico::WorkflowDetails mine(const portico::Request& request) {
    return host_->workflows().state(request.path("id"), request.user_id());
  }

  Step run_reserve(const StepCall& call) {
    const auto what = trouble(call);
    if (what == "refused") throw portico::Problem(422, "errands.refused", "as asked for");
    put(call, "reserved");
    if (what == "killed") ::raise(SIGKILL);
    if (what == "lost") throw portico::Problem(504, "errands.no_answer", "it was done, and nobody knows");
    return Step::done({{"by", "run"}});
  }

  static std::string trouble(const StepCall& call) {
    return std::string(call.input().at("trouble").as_string());
  }
  void put(const StepCall& call, std::string_view what) {
    host_->database().as_system("an errand's effect", [&](portico::Transaction& tx) {
      tx.run("INSERT INTO effect(marker, what) VALUES ($1, $2)", {call.marker(), what});
    });
  }
  bool seen(const StepCall& call, std::string_view what) {
    return host_->database().as_system("an errand looks", [&](portico::Transaction& tx) {
      return !tx.run("SELECT 1 AS one FROM effect WHERE marker = $1 AND what = $2", {call.marker(), what})
                  .empty();
    });
  }

  portico::Host* host_ = nullptr;
};

}  // namespace

PORTICO_PLUGIN(Errands)
