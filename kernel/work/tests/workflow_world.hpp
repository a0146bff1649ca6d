// A plugin with workflows that a test writes as functions, and a system outside whose effects are counted.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <portico/call.hpp>

#include "kernel/work/tests/kernel_database.hpp"
#include "kernel/work/tests/workflow_plans.hpp"
#include "kernel/work/workflow_engine.hpp"
#include "kernel/work/workflow_view.hpp"

namespace kernel::work::testing {

/// What a step's function answers.
struct Answer {
  std::uint32_t outcome = PORTICO_STEP_DONE;
  std::string output;
  std::string code;
  std::int64_t after_ms = 1'000;
};

/// What a step's function sees.
struct Told {
  std::string workflow, user, step, marker, input, outputs, signal;
  std::uint32_t attempt = 0;
  bool look = false, undo = false;
};

using StepBody = std::function<Answer(const Told&)>;

/// One function for all steps of all workflows of the plugin, as a plugin in C would register it.
class Worker {
 public:
  explicit Worker(StepBody body, std::int64_t workers = 4)
      : body_(std::move(body)), plugin(manifest(workers), {}) {}
  ~Worker() { plugin->stop(); }

  /// Before the plugin is added to an engine.
  void define(const std::string& kind, const std::string& plan, std::int64_t revision = 1,
              std::int64_t attempts = 3, std::int64_t backoff_ms = 1) {
    loader::WorkflowSpec spec;
    spec.kind = kind;
    spec.revision = revision;
    spec.lane = "steps";
    spec.plan = plan_of(plan, attempts);
    for (auto& step : spec.plan.steps) {
      for (auto* action : {&step.action, &step.undo})
        if (*action) (*action)->backoff_ms = backoff_ms;
      spec.shape += step.name + (step.action && step.action->look ? "l," : ",");
      spec.actions.push_back({&Worker::run, &Worker::look, this});
      spec.undos.push_back({&Worker::undo, &Worker::undo_look, this});
    }
    plugin->registrations.workflows.push_back(std::move(spec));
  }
  const loader::WorkflowSpec& spec(std::size_t i = 0) const { return plugin->registrations.workflows.at(i); }

 private:
  struct Plugin {
    explicit Plugin(loader::Manifest m, int)
        : it(std::make_shared<loader::Plugin>(std::filesystem::path(), std::move(m))) {
      it->open_lanes();
    }
    loader::Plugin* operator->() const { return it.get(); }
    loader::Plugin& operator*() const { return *it; }
    std::shared_ptr<loader::Plugin> it;
  };
  static loader::Manifest manifest(std::int64_t workers) {
    loader::Manifest out;
    out.id = "worker";
    out.lanes["steps"] = {workers, 64, 60'000};
    return out;
  }
  static portico_status run(void* user, const portico_step_call* call, portico_error* error) {
    return invoke(user, *call, error, false, false);
  }
  static portico_status look(void* user, const portico_step_call* call, portico_error* error) {
    return invoke(user, *call, error, true, false);
  }
  static portico_status undo(void* user, const portico_step_call* call, portico_error* error) {
    return invoke(user, *call, error, false, true);
  }
  static portico_status undo_look(void* user, const portico_step_call* call, portico_error* error) {
    return invoke(user, *call, error, true, true);
  }
  static portico_status invoke(void* user, const portico_step_call& call, portico_error* error, bool looking,
                               bool undoing) {
    const auto text = [](portico_str s) { return std::string(portico::view(s)); };
    return portico::call::guard(error, [&] {
      const auto answer = static_cast<Worker*>(user)->body_(
          {text(call.instance), text(call.user_id), text(call.step), text(call.marker), text(call.input),
           text(call.outputs), text(call.signal), call.attempt, looking, undoing});
      if (reply_to_step(call.reply, answer.outcome, answer.code, answer.after_ms, answer.output) !=
          PORTICO_OK)
        throw portico::Problem(500, "test.reply", "refused");
    });
  }

  StepBody body_;

 public:
  Plugin plugin;
};

/// A system outside: what was done under which marker, and how often.
class Outside {
 public:
  void apply(const Told& told) {
    const std::lock_guard lock(mutex_);
    ++effects_[{told.marker, told.undo}];
    log_.push_back((told.undo ? "-" : "+") + told.step);
  }
  bool has(const Told& told) const {
    const std::lock_guard lock(mutex_);
    return effects_.count({told.marker, told.undo}) > 0;
  }
  int count(const std::string& marker, bool undo) const {
    const std::lock_guard lock(mutex_);
    const auto it = effects_.find({marker, undo});
    return it == effects_.end() ? 0 : it->second;
  }
  std::vector<std::string> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, bool>, int> effects_;
  std::vector<std::string> log_;
};

/// Leases that end soon after a death, and polls that find it.
inline WorkflowSettings quick() {
  WorkflowSettings out;
  out.poll = std::chrono::milliseconds(5);
  out.lease = std::chrono::milliseconds(400);
  out.renew = std::chrono::milliseconds(50);
  out.grace = std::chrono::milliseconds(100);
  out.settle = std::chrono::milliseconds(5'000);
  return out;
}

struct Office : KernelDatabase {
  std::string start(const Worker& worker, const std::string& key, const std::string& input = "{}",
                    const std::string& user = {}, std::size_t which = 0) {
    auto tx = begin();
    const auto id = store::start(tx, {"worker", &worker.spec(which), key, user, input});
    tx.commit();
    return id;
  }
  portico::WorkflowDetails show(
      const std::string& id, const Offers& offers = [](const auto&) { return true; }) {
    auto tx = begin();
    return show_workflow(tx, id, Eyes::staff, offers);
  }
  std::string state(const std::string& id) { return boost::describe::enum_to_string(show(id).state, ""); }
  bool reaches(const std::string& id, const std::string& wanted) {
    return becomes([&] { return state(id) == wanted; });
  }
  void signal(const std::string& id, const std::string& name, const std::string& payload,
              const std::string& key = {}) {
    auto tx = begin();
    REQUIRE(store::lock(tx, id));
    store::add_signal(tx, id, name, key, payload);
    tx.commit();
  }
  void act(const std::string& id, StaffAction action, const std::string& output = {}) {
    auto tx = begin();
    act_on_workflow(tx, id, action, output, "00000000-0000-4000-8000-00000000000a");
    tx.commit();
  }
  void cancel(const std::string& id) {
    auto tx = begin();
    cancel_workflow(tx, id, "worker");
    tx.commit();
  }
  std::string events(const std::string& id) {
    std::string out;
    for (const auto& line : show(id).timeline)
      out += (out.empty() ? "" : " ") + (line.step ? *line.step + "." : std::string()) + line.event;
    return out;
  }
  std::int64_t number(const std::string& sql) { return run(sql).get<std::int64_t>(0, "n"); }
};

}  // namespace kernel::work::testing
