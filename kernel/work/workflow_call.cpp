// Calls a step's code and reads its answer; whatever is not clear counts as unknown.
#include "kernel/work/workflow_call.hpp"

#include <portico/call.hpp>

#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/handles.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/random_id.hpp"
#include "kernel/work/lease.hpp"

namespace kernel::work {

namespace json = boost::json;
using E = ActEvent;

namespace {

constexpr std::size_t kMostOutput = 256 << 10;  // bytes of one step's output
constexpr std::int64_t kLeastLater = 1'000, kMostLater = std::int64_t{30} * 24 * 3600 * 1000;

struct Reply {
  bool given = false;
  std::uint32_t outcome = PORTICO_STEP_UNKNOWN;
  std::string code, output;
  std::int64_t after_ms = 0;
};

loader::Handles<Reply>& replies() {
  static loader::Handles<Reply> handles;
  return handles;
}

std::string outputs_of(const Progress& progress) {
  json::object all;
  for (std::size_t i = 0; i < progress.steps.size(); ++i)
    if (const auto state = progress.steps[i].state; state == StepState::done || state == StepState::skipped)
      all[progress.plan.steps[i].name] =
          progress.steps[i].output.empty() ? json::value() : json::parse(progress.steps[i].output);
  return json::serialize(all);
}

E event_of_run(std::uint32_t outcome) {
  switch (outcome) {
    case PORTICO_STEP_DONE:
      return E::done;
    case PORTICO_STEP_AGAIN:
      return E::again;
    case PORTICO_STEP_FAILED:
      return E::failed;
    case PORTICO_STEP_LATER:
      return E::later;
    default:
      return E::unknown;
  }
}

E event_of_look(std::uint32_t outcome) {
  return outcome == PORTICO_STEP_DONE        ? E::found
         : outcome == PORTICO_STEP_NOT_FOUND ? E::not_found
                                             : E::unclear;
}

/// Of a failure without a reply: only what surely did not happen may be tried again or given up.
E event_of_status(int status) {
  if (status == 429) return E::again;
  return status >= 400 && status < 500 && status != 408 ? E::failed : E::unknown;
}

}  // namespace

CallOutcome call_step(loader::Plugin& plugin, const loader::WorkflowSpec& spec, const Progress& progress) {
  const bool look = progress.asks_look();
  const auto& action = *progress.action();
  const auto& code =
      (progress.direction == Direction::forward ? spec.actions : spec.undos)[progress.position];
  const auto reply = std::make_shared<Reply>();
  const auto handle = replies().add(reply);
  const auto outputs = outputs_of(progress);
  const auto& record = progress.steps[progress.position];
  portico_step_call call{};
  call.size = sizeof call;
  call.attempt = static_cast<std::uint32_t>(progress.tries);
  call.instance = portico::to_str(progress.id);
  call.user_id = portico::to_str(progress.user_id);
  call.step = portico::to_str(progress.plan_step().name);
  call.marker = portico::to_str(record.marker);
  call.input = portico::to_str(progress.input);
  call.outputs = portico::to_str(outputs);
  call.signal = portico::to_str(record.signal);
  call.reply = handle;
  auto error = portico::call::empty_error();
  const auto correlation_id = observe::new_correlation_id();
  const observe::CorrelationScope correlation(correlation_id);
  const auto place = progress.kind + "." + progress.plan_step().name;
  portico_status status;
  {
    const loader::CallScope scope(
        {&plugin,
         std::chrono::steady_clock::now() + Progress::Milliseconds(action.deadline_ms),
         correlation_id,
         progress.user_id,
         {},
         loader::Holding::workflow,
         place});
    status = (look ? code.look : code.run)(code.user, &call, &error);
  }
  replies().take(handle);

  CallOutcome out;
  if (status == PORTICO_OK) {
    const std::uint32_t silent =
        look ? std::uint32_t{PORTICO_STEP_UNKNOWN} : std::uint32_t{PORTICO_STEP_DONE};
    const auto outcome = reply->given ? reply->outcome : silent;
    out.event = look ? event_of_look(outcome) : event_of_run(outcome);
    out.details = {reply->output, reply->code, Progress::Milliseconds(reply->after_ms), {}, false};
  } else {
    const int problem = status == PORTICO_E_PROBLEM ? error.status : 500;
    out.event = look ? E::unclear : event_of_status(problem);
    out.details.code = error.code[0] ? storable(error.code, sizeof error.code) : "internal";
    observe::log(observe::Level::warning, "plugin." + plugin.id(), "a step of a workflow failed",
                 {{"workflow", progress.id},
                  {"step", progress.plan_step().name},
                  {"code", out.details.code},
                  {"detail", portico::call::text_in(error.detail)}});
  }
  return out;
}

bool is_storable_json(std::string_view text) {
  try {
    // PostgreSQL keeps no NUL in a text.
    return json::serialize(portico::parse_json(text)).find("\\u0000") == std::string::npos;
  } catch (const portico::Problem&) {
    return false;
  }
}

portico_status reply_to_step(portico_handle handle, std::uint32_t outcome, std::string_view code,
                             std::int64_t after_ms, std::string_view output) {
  const auto reply = replies().find(handle);
  if (!reply) return PORTICO_E_STALE;
  if (reply->given || code.size() > 96 || output.size() > kMostOutput) return PORTICO_E_INVALID;
  if (outcome == PORTICO_STEP_LATER && (after_ms < kLeastLater || after_ms > kMostLater))
    return PORTICO_E_INVALID;
  if (!output.empty() && !is_storable_json(output)) return PORTICO_E_INVALID;
  *reply = {true, outcome, storable(code, 96), std::string(output), after_ms};
  return PORTICO_OK;
}

}  // namespace kernel::work
