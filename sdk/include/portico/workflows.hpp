// Workflows: durable work in named steps that look before they repeat and can be undone.
//
//   host.workflows().define({.kind = "orders.place", .title = {"Order", "ご注文"}, .steps = {
//     {.name = "reserve", .title = {"Reserve", "引き当て"},
//      .run = [](const StepCall& call) { return Step::done(reserve(call.marker(), call.input())); },
//      .look = [](const StepCall& call) { return find(call.marker()) ? Step::done() : Step::not_found(); },
//      .undo = {.run = [](const StepCall& call) { release(call.marker()); return Step::done(); }}}}});
#pragma once

#include <portico/abi/workflows.h>

#include <functional>
#include <memory>
#include <portico/database.hpp>
#include <portico/workflow_state.hpp>

namespace portico {

/// What a step is told.
class StepCall {
 public:
  explicit StepCall(const portico_step_call& raw) : raw_(raw) {}
  std::string_view workflow() const { return view(raw_.instance); }
  std::string_view user_id() const { return view(raw_.user_id); }  // empty: the system's
  std::string_view step() const { return view(raw_.step); }
  /// Unique to this step of this workflow and the same at every attempt: give it to the other side.
  std::string_view marker() const { return view(raw_.marker); }
  std::uint32_t attempt() const { return raw_.attempt; }
  boost::json::value input() const { return parse_json(view(raw_.input)); }
  template <class T>
  T input_as() const {
    return decode<T>(input(), Unknown::ignore);
  }
  /// Null for a step that was not done.
  boost::json::value output_of(std::string_view step) const {
    const auto all = parse_json(view(raw_.outputs));
    const auto* one = all.as_object().if_contains(step);
    return one ? *one : boost::json::value();
  }
  /// What the awaited signal brought; null where none was awaited.
  boost::json::value signal() const {
    return raw_.signal.size ? parse_json(view(raw_.signal)) : boost::json::value();
  }

 private:
  const portico_step_call& raw_;
};

/// How a call of run or look ended.
struct Step {
  std::uint32_t outcome = PORTICO_STEP_DONE;
  boost::json::value output;
  std::string code;
  std::chrono::milliseconds after{0};

  /// It has happened; of a look: found.
  static Step done(boost::json::value output = nullptr) {
    return {PORTICO_STEP_DONE, std::move(output), {}, {}};
  }
  /// It has surely not happened: try again after the back-off.
  static Step again(std::string code) { return {PORTICO_STEP_AGAIN, nullptr, std::move(code), {}}; }
  /// It has surely not happened and never will.
  static Step failed(std::string code) { return {PORTICO_STEP_FAILED, nullptr, std::move(code), {}}; }
  /// It may have happened: look first.
  static Step unknown(std::string code) { return {PORTICO_STEP_UNKNOWN, nullptr, std::move(code), {}}; }
  /// Not yet: come again after so long (1 s to 30 days); not a failed try.
  static Step later(std::chrono::milliseconds after) { return {PORTICO_STEP_LATER, nullptr, {}, after}; }
  /// Of a look: it has not happened.
  static Step not_found() { return {PORTICO_STEP_NOT_FOUND, nullptr, {}, {}}; }
};

/// Throws a Problem instead of returning where that reads better: 429 means again, 408 unknown, any other 4xx
/// failed, everything else unknown.
using StepFunction = std::function<Step(const StepCall&)>;

struct UndoSpec {
  StepFunction run, look;
  bool repeatable = false;
  std::uint32_t attempts = 0;
  std::chrono::milliseconds backoff{0}, backoff_most{0}, deadline{0};
};

/// One step. Zeros take the defaults of abi/workflows.h.
struct StepSpec {
  std::string name;
  Titled title;
  Titled holder{};          // who holds it meanwhile, for people; empty: the portal
  StepFunction run{};       // empty: the step only waits
  StepFunction look{};      // has it already happened? empty: cannot be known
  bool repeatable = false;  // run does no harm when repeated after an unknown end
  UndoSpec undo{};
  std::string signal{};               // waits for it before it runs
  std::chrono::milliseconds wait{0};  // with signal: the limit; without: a pause before it
  bool no_return = false;             // once done, nothing can be cancelled
  std::uint32_t attempts = 0;
  std::chrono::milliseconds backoff{0}, backoff_most{0}, deadline{0};
};

struct WorkflowSpec {
  std::string kind;
  std::uint32_t revision = 1;
  Titled title;
  std::string lane{};  // empty: the tasks lane
  std::vector<StepSpec> steps;
};

struct WorkflowStart {
  std::string kind, key;
  std::string user_id{};  // empty: the system's
  boost::json::value input = nullptr;
  std::uint32_t revision = 0;  // 0: the newest
};

class Workflows {
 public:
  explicit Workflows(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_WORKFLOWS) {}

  /// [control] errors: 403 plugin.not_in_manifest; 422 plugin.workflow_invalid
  void define(WorkflowSpec spec) {
    auto kept = std::make_unique<Defined>();
    kept->spec = std::move(spec);
    kept->fill(*this);
    auto error = call::empty_error();
    call::check(table_->define(host_, &kept->raw, &error), error, "workflows.define");
    defined_.push_back(std::move(kept));
  }

  /// [request] [task] Begins when the transaction commits; a repeat of the key gets the first one's id.
  /// errors: 404 workflows.unknown_kind; 409 workflows.key_reused
  std::string start(Transaction& transaction, const WorkflowStart& what) const {
    return start_in(transaction.handle(), what);
  }
  /// … in a transaction of its own.
  std::string start(const WorkflowStart& what) const { return start_in(0, what); }

  /// [request] [task] Kept until a step waits for it. key: a repeat changes nothing; empty: none.
  /// errors: 404 workflows.not_found; 409 workflows.ended
  void signal(std::string_view id, std::string_view name, const boost::json::value& payload = nullptr,
              std::string_view key = {}, Transaction* transaction = nullptr) const {
    const auto text = boost::json::serialize(payload);
    auto error = call::empty_error();
    call::check(table_->signal(host_, transaction ? transaction->handle() : 0, to_str(id), to_str(name),
                               to_str(key), to_str(text), &error),
                error, "workflows.signal");
  }
  /// [request] [task] errors: 404 workflows.not_found; 409 workflows.ended; 409 workflows.no_return
  void cancel(std::string_view id, Transaction* transaction = nullptr) const {
    auto error = call::empty_error();
    call::check(table_->cancel(host_, transaction ? transaction->handle() : 0, to_str(id), &error), error,
                "workflows.cancel");
  }
  /// [request] [task] user_id: only if it is that user's; empty: anybody's. errors: 404 workflows.not_found
  WorkflowDetails state(std::string_view id, std::string_view user_id = {}) const {
    portico_buffer out{};
    auto error = call::empty_error();
    call::check(table_->state(host_, to_str(user_id), to_str(id), &out, &error), error, "workflows.state");
    return decode_text<WorkflowDetails>(Leased(host_, out).text(), Unknown::ignore);
  }
  /// [request] [task] The user's newest 100 of this plugin.
  std::vector<Workflow> list(std::string_view user_id) const {
    portico_buffer out{};
    auto error = call::empty_error();
    call::check(table_->list(host_, to_str(user_id), &out, &error), error, "workflows.list");
    return decode_text<WorkflowList>(Leased(host_, out).text(), Unknown::ignore).items;
  }

 private:
  /// One step function, reachable from C.
  struct Function {
    StepFunction fn;
    const Workflows* owner;
  };
  /// An action whose run and look share one user pointer.
  struct Action {
    Function run, look;
    portico_workflow_action raw{};

    static portico_status call_run(void* user, const portico_step_call* call, portico_error* error) noexcept {
      return invoke(static_cast<Action*>(user)->run, *call, error);
    }
    static portico_status call_look(void* user, const portico_step_call* call,
                                    portico_error* error) noexcept {
      return invoke(static_cast<Action*>(user)->look, *call, error);
    }
    static portico_status invoke(const Function& function, const portico_step_call& raw,
                                 portico_error* error) noexcept {
      return portico::call::guard(error, [&] {
        const Step step = function.fn(StepCall(raw));
        const auto output = boost::json::serialize(step.output);
        const auto& self = *function.owner;
        portico::call::check(self.table_->reply(self.host_, raw.reply, step.outcome, to_str(step.code),
                                                step.after.count(), to_str(output)),
                             portico::call::empty_error(), "workflows.reply");
      });
    }
    const portico_workflow_action* fill() {
      raw.size = sizeof raw;
      raw.user = this;
      raw.run = &call_run;
      raw.look = look.fn ? &call_look : nullptr;
      return &raw;
    }
  };
  struct DefinedStep {
    std::string title, holder;
    Action action, undo;
    portico_workflow_step raw{};
  };
  /// Everything the host may call later, at addresses that stay.
  struct Defined {
    WorkflowSpec spec;
    std::string title;
    std::vector<std::unique_ptr<DefinedStep>> steps;
    std::vector<const portico_workflow_step*> list;
    portico_workflow raw{};

    void fill(const Workflows& owner) {
      title = encode_text(spec.title);
      for (auto& step : spec.steps) {
        auto out = std::make_unique<DefinedStep>();
        auto& raw_step = out->raw;
        out->title = encode_text(step.title);
        if (!step.holder.en.empty()) out->holder = encode_text(step.holder);
        raw_step.size = sizeof raw_step;
        raw_step.flags = step.no_return ? PORTICO_STEP_NO_RETURN : 0;
        raw_step.name = to_str(step.name), raw_step.title = to_str(out->title);
        raw_step.holder = to_str(out->holder), raw_step.signal = to_str(step.signal);
        raw_step.wait_ms = step.wait.count();
        if (step.run) raw_step.action = fill_action(out->action, step, owner);
        if (step.undo.run) raw_step.undo = fill_action(out->undo, step.undo, owner);
        list.push_back(&raw_step);
        steps.push_back(std::move(out));
      }
      raw = {sizeof raw,        spec.revision, to_str(spec.kind), to_str(title),
             to_str(spec.lane), list.data(),   list.size()};
    }
    template <class Spec>
    static const portico_workflow_action* fill_action(Action& action, Spec& spec, const Workflows& owner) {
      action.run = {std::move(spec.run), &owner};
      action.look = {std::move(spec.look), &owner};
      action.raw.flags = spec.repeatable ? PORTICO_ACTION_REPEATABLE : 0;
      action.raw.attempts = spec.attempts;
      action.raw.backoff_ms = spec.backoff.count();
      action.raw.backoff_most_ms = spec.backoff_most.count();
      action.raw.deadline_ms = spec.deadline.count();
      return action.fill();
    }
  };

  std::string start_in(portico_handle transaction, const WorkflowStart& what) const {
    const auto input = boost::json::serialize(what.input);
    const portico_workflow_start raw{sizeof raw,       what.revision,        to_str(what.kind),
                                     to_str(what.key), to_str(what.user_id), to_str(input)};
    portico_buffer id{};
    auto error = call::empty_error();
    call::check(table_->start(host_, transaction, &raw, &id, &error), error, "workflows.start");
    return Leased(host_, id).str();
  }

  const portico_host* host_;
  call::Extension<portico_workflows> table_;
  std::vector<std::unique_ptr<Defined>> defined_;
};

}  // namespace portico
