// portico.operations/1: routes typed calls between plugins, on the provider's workers, under the caller's
// deadline.
#include <condition_variable>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/registering.hpp"
#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/handles.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::extensions {

namespace {

using portico::Problem;
using Clock = std::chrono::steady_clock;

/// One call: shared by the caller, who may give up at the deadline, and the provider, who may go on.
struct OperationCall {
  std::string arguments;
  std::mutex mutex;
  std::condition_variable done;
  bool finished = false, refused = false;
  portico_status status = PORTICO_OK;
  portico_error error = portico::call::empty_error();
  std::optional<std::string> result;
};

loader::Handles<OperationCall>& replies() {
  static loader::Handles<OperationCall> handles;
  return handles;
}

void provide_now(const policy::Operation& operation, const std::shared_ptr<OperationCall>& call,
                 const loader::CallContext& context) {
  const auto handle = replies().add(call);
  portico_status status;
  {
    const loader::CallScope scope(context);
    const observe::CorrelationScope correlation(context.correlation_id);
    status = operation.spec.fn(operation.spec.user, portico::to_str(call->arguments), handle, &call->error);
  }
  replies().take(handle);
  auto& usage = operation.plugin->usage;
  usage.add(usage.calls, 1);
  if (status < 0 && (status != PORTICO_E_PROBLEM || call->error.status >= 500)) usage.add(usage.errors, 1);
  const std::lock_guard lock(call->mutex);
  call->status = status;
  call->finished = true;
  call->done.notify_all();
}

std::string call_operation(Services& services, const std::string& name, std::string arguments) {
  const auto* current = loader::CallScope::current();
  if (!current) throw Problem(500, "sdk.wrong_place", "operations are called from requests and tasks");
  const auto& declared = current->plugin->manifest;
  const auto listed = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!listed(declared.operations_required) && !listed(declared.operations_optional) &&
      !listed(declared.operations_provided))
    throw Problem(500, "plugin.not_in_manifest",
                  declared.id + " calls " + name + ", which is not under \"operations\" in its manifest");
  const auto live = services.pipeline.published();
  const auto it = live->operations.find(name);
  if (it == live->operations.end()) throw Problem(503, "service.not_provided", name, 30);
  const auto& operation = it->second;

  const auto call = std::make_shared<OperationCall>();
  call->arguments = std::move(arguments);
  auto context = *current;
  context.plugin = operation.plugin;
  context.kind = loader::Holding::operation;
  context.place = operation.spec.name;
  if (operation.plugin == current->plugin) {
    provide_now(operation, call, context);
  } else {
    auto* lane = operation.plugin->lane("standard");
    const bool posted = lane && lane->post({[call, kept = loader::KeptContext(context), live, &operation] {
                                              provide_now(operation, call, kept.view());
                                            },
                                            [call] {
                                              const std::lock_guard lock(call->mutex);
                                              call->refused = call->finished = true;
                                              call->done.notify_all();
                                            }});
    if (!posted) throw Problem(503, "service.busy", operation.plugin->id() + "'s queue is full", 2);
    std::unique_lock lock(call->mutex);
    if (!call->done.wait_until(lock, current->deadline, [&] { return call->finished; }))
      throw Problem(504, "request.deadline", "waiting for " + name, 1);
  }
  const std::lock_guard lock(call->mutex);
  if (call->refused) throw Problem(503, "service.busy", operation.plugin->id() + " has no free worker", 2);
  if (call->status == PORTICO_E_PROBLEM && call->error.status) throw portico::call::problem_of(call->error);
  if (call->status != PORTICO_OK || !call->result)
    throw Problem(500, "service.broken", name + " gave no result");
  return std::move(*call->result);
}

portico_status provide(const portico_host* host, portico_str name, portico_operation_fn fn, void* user,
                       portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    const auto text = text_of(name);
    const auto& provided = plugin.manifest.operations_provided;
    if (std::find(provided.begin(), provided.end(), text) == provided.end())
      not_in_manifest("operation " + text, "operations.provides");
    plugin.registrations.operations.push_back({text, fn, user});
  });
}

portico_status call(const portico_host* host, portico_str name, portico_str arguments, portico_buffer* out,
                    portico_error* error) {
  return guard(error, [&] {
    const auto started = Clock::now();
    const auto text = text_of(name);
    const auto count = [&](const std::string& outcome) {
      observe::counter("portico_operations_total", "Calls of operations by outcome",
                       {{"operation", text}, {"outcome", outcome}})
          .add();
      observe::histogram("portico_operation_seconds", "Time of operations", {{"operation", text}})
          .observe(std::chrono::duration<double>(Clock::now() - started).count());
    };
    try {
      *out = lease_text(call_operation(services_of(host), text, text_of(arguments)));
      count("ok");
    } catch (const Problem& problem) {
      count(problem.code);
      throw;
    }
  });
}

portico_status reply(const portico_host*, portico_handle handle, portico_str result) {
  const auto call = replies().find(handle);
  if (!call) return PORTICO_E_STALE;
  const std::lock_guard lock(call->mutex);
  if (call->result) return PORTICO_E_INVALID;
  call->result = text_of(result);
  return PORTICO_OK;
}

}  // namespace

const portico_operations kOperations{sizeof(portico_operations), 0, &provide, &call, &reply};

}  // namespace kernel::extensions
