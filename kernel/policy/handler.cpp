// Runs a plugin's route handler.
#include "kernel/policy/handler.hpp"

#include <portico/call.hpp>

#include "kernel/policy/idempotency.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/remember.hpp"

namespace kernel::policy {

using portico::Problem;

loader::Handles<Call>& exchanges() {
  static loader::Handles<Call> handles;
  return handles;
}

void call_handler(Call& call) {
  const auto& spec = call.route->spec;
  const auto handle = exchanges().add(call.shared_from_this());
  call.call_as(handle);
  auto error = portico::call::empty_error();
  portico_status status;
  {
    const loader::CallScope scope(call.context());
    status = spec.handler(spec.user, handle, &error);
  }
  auto& usage = call.route->plugin->usage;
  usage.add(usage.calls, 1);
  if (status < 0 && (status != PORTICO_E_PROBLEM || error.status >= 500)) usage.add(usage.errors, 1);
  if (status == PORTICO_PENDING) return call.defer();  // the handle lives until the answer
  call.settle_plugin();
  call.end_handle();
  if (status != PORTICO_OK || !call.answered()) release_key(call);
  if (const auto flow = call.begun(); flow && status == PORTICO_OK)
    settle_key_without_copy(call);
  else if (flow)
    flow->abort();  // its answer has begun: only a cut can still say that something failed
  else if (status == PORTICO_E_PROBLEM && error.status)
    call.fail(portico::call::problem_of(error));
  else if (status != PORTICO_OK)
    call.fail(Problem(500, "internal", "the handler answered status " + std::to_string(status)));
  else if (!call.answered())
    call.fail(Problem(500, "internal", "the handler ended without an answer"));
}

Verdict run_handler(Call& call, MayBlock may_block) {
  if (call.route->builtin && call.route->blocks) {
    call.pipeline.answer_on_host(call.shared_from_this());
    return Verdict::answered;
  }
  if (call.route->builtin) {
    call.answer(call.route->builtin(call));
    return Verdict::answered;
  }
  if (may_block == MayBlock::no) return Verdict::later;
  call_handler(call);
  return Verdict::answered;
}

portico_status run_on_plugin(Call& call, loader::Plugin& plugin, const std::function<portico_status()>& fn) {
  loader::CallContext context = call.context();
  const auto* current = loader::CallScope::current();
  context.plugin = &plugin;
  if (!call.route->plugin || call.route->plugin == &plugin || (current && current->plugin == &plugin)) {
    const loader::CallScope scope(context);
    return fn();
  }
  struct Waiting {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<portico_status> status;
    bool refused = false;
  };
  const auto waiting = std::make_shared<Waiting>();
  auto* lane = plugin.lane("standard");
  const loader::KeptContext kept(context);
  const bool posted = lane && lane->post({[waiting, kept, fn] {
                                            portico_status status;
                                            {
                                              const loader::CallScope scope(kept.view());
                                              status = fn();
                                            }
                                            const std::lock_guard lock(waiting->mutex);
                                            waiting->status = status;
                                            waiting->done.notify_all();
                                          },
                                          [waiting] {
                                            const std::lock_guard lock(waiting->mutex);
                                            waiting->refused = true;
                                            waiting->done.notify_all();
                                          }});
  if (!posted) throw Problem(503, "service.busy", plugin.id() + "'s queue is full", 2);
  std::unique_lock lock(waiting->mutex);
  if (!waiting->done.wait_until(lock, call.deadline, [&] { return waiting->status || waiting->refused; }))
    throw Problem(504, "request.deadline", "waiting for " + plugin.id(), 1);
  if (waiting->refused) throw Problem(503, "service.busy", plugin.id() + " has no free worker", 2);
  return *waiting->status;
}

}  // namespace kernel::policy
