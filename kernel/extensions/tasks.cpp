// portico.tasks/1: tasks and queues are drafts; jobs are stored in the plugin's transaction.
#include "kernel/extensions/tasks.hpp"

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/registering.hpp"
#include "kernel/extensions/transactions.hpp"
#include "kernel/work/cron.hpp"
#include "kernel/work/job_runner.hpp"

namespace kernel::extensions {

using portico::Problem;

namespace {

constexpr std::int64_t kMostMs = std::int64_t{30} * 24 * 3'600'000;

loader::Plugin& registering(const portico_host* host, const std::string& name) {
  auto& plugin = plugin_of(host);
  require_starting(plugin);
  require_named(name, plugin.manifest.tasks, "tasks");
  const auto taken = [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), [&](const auto& spec) { return spec.name == name; });
  };
  if (taken(plugin.registrations.tasks) || taken(plugin.registrations.queues))
    throw Problem(422, "plugin.task_invalid", name + " is registered twice");
  return plugin;
}

void add_task(const portico_host* host, loader::TaskSpec task, uint32_t where) {
  auto& plugin = registering(host, task.name);
  if (where > PORTICO_TASK_ONE_REPLICA || !task.fn)
    throw Problem(422, "plugin.task_invalid", task.name + ": no function, or unknown place");
  task.one_replica = where == PORTICO_TASK_ONE_REPLICA;
  plugin.registrations.tasks.push_back(std::move(task));
}

portico_status every(const portico_host* host, portico_str name, int64_t interval_ms, uint32_t where,
                     portico_task_fn fn, void* user, portico_error* error) {
  return guard(error, [&] {
    loader::TaskSpec task;
    task.name = text_of(name), task.interval = std::chrono::milliseconds(interval_ms);
    task.fn = fn, task.user = user;
    if (interval_ms < 100 || interval_ms > kMostMs)
      throw Problem(422, "plugin.task_invalid", task.name + ": an interval is 100 ms to 30 days");
    add_task(host, std::move(task), where);
  });
}

portico_status cron(const portico_host* host, portico_str name, portico_str expression, uint32_t where,
                    portico_task_fn fn, void* user, portico_error* error) {
  return guard(error, [&] {
    loader::TaskSpec task;
    task.name = text_of(name), task.cron = text_of(expression), task.fn = fn, task.user = user;
    work::Cron::parse(task.cron);
    add_task(host, std::move(task), where);
  });
}

portico_status queue(const portico_host* host, portico_str name, const portico_queue_options* options,
                     portico_job_fn fn, void* user, portico_error* error) {
  return guard(error, [&] {
    auto spec = work_spec(text_of(name), options, fn, user);
    auto& plugin = registering(host, spec.name);
    plugin.registrations.queues.push_back(std::move(spec));
  });
}

portico_status enqueue(const portico_host* host, portico_handle transaction, portico_str queue,
                       portico_str payload, const portico_enqueue_options* options, int64_t* id,
                       portico_error* error) {
  return guard(error, [&] {
    const auto& plugin = plugin_of(host);
    work::NewJob job{plugin.id(), text_of(queue), text_of(payload)};
    require_named(job.queue, plugin.manifest.tasks, "tasks");
    if (options) {
      job.dedup_key = text_of(options->dedup_key), job.key = text_of(options->key);
      job.priority = options->priority;
      if (options->not_before_us) job.not_before = database::Timestamp{options->not_before_us};
    }
    job.correlation_id = current_correlation();
    auto& jobs = services_of(host).jobs;
    std::int64_t made = 0;
    storing(host, transaction, "a job of a plugin",
            [&](database::Transaction& t) { made = jobs.store().enqueue(t, job); });
    if (id) *id = made;
  });
}

portico_status complete(const portico_host* host, portico_handle job, portico_handle transaction,
                        portico_error* error) {
  return guard(error, [&] {
    services_of(host).jobs.complete(plugin_of(host), job, transaction_of(host, transaction)->transaction);
  });
}

portico_status progress(const portico_host* host, portico_handle job, int64_t done, int64_t total,
                        portico_str note, portico_error* error) {
  return guard(error,
               [&] { services_of(host).jobs.progress(plugin_of(host), job, done, total, text_of(note)); });
}

portico_status check(const portico_host* host, portico_handle job) {
  return services_of(host).jobs.wanted(plugin_of(host), job) ? PORTICO_OK : PORTICO_E_STALE;
}

portico_status cancel(const portico_host* host, portico_handle transaction, int64_t id,
                      portico_error* error) {
  return guard(error, [&] {
    in_transaction(host, transaction, "cancelling a job", [&](database::Transaction& t) {
      services_of(host).jobs.store().cancel(t, plugin_of(host).id(), id);
    });
  });
}

portico_status look(const portico_host* host, int64_t id, portico_buffer* out, portico_error* error) {
  return guard(error,
               [&] { *out = lease_text(services_of(host).jobs.store().look(plugin_of(host).id(), id)); });
}

}  // namespace

loader::WorkSpec work_spec(std::string name, const portico_queue_options* options, portico_job_fn fn,
                           void* user) {
  loader::WorkSpec spec;
  spec.name = std::move(name), spec.fn = fn, spec.user = user;
  const auto number = [&](const char* what, std::int64_t found, std::int64_t fallback, std::int64_t min,
                          std::int64_t max) {
    if (found == 0) return fallback;
    if (found < min || found > max)
      throw Problem(422, "plugin.task_invalid",
                    spec.name + ": " + what + " is " + std::to_string(min) + " to " + std::to_string(max));
    return found;
  };
  const auto time = [&](const char* what, std::int64_t found, std::chrono::milliseconds fallback,
                        std::int64_t min) {
    return std::chrono::milliseconds(number(what, found, fallback.count(), min, kMostMs));
  };
  if (!fn) throw Problem(422, "plugin.task_invalid", spec.name + ": no function");
  if (!options) return spec;
  spec.attempts = static_cast<int>(number("attempts", options->attempts, spec.attempts, 1, 1000));
  spec.concurrency = static_cast<int>(number("concurrency", options->concurrency, spec.concurrency, 1, 64));
  spec.backoff = time("backoff_ms", options->backoff_ms, spec.backoff, 1);
  spec.backoff_most = time("backoff_most_ms", options->backoff_most_ms, spec.backoff_most, 1);
  spec.lease = time("lease_ms", options->lease_ms, spec.lease, 1000);
  spec.limit = time("limit_ms", options->limit_ms, spec.limit, 1);
  return spec;
}

const portico_tasks kTasks{
    sizeof(portico_tasks), 0, &every, &cron, &queue, &enqueue, &complete, &progress, &check, &cancel, &look};

}  // namespace kernel::extensions
