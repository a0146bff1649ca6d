// What tasks and events share: options of those that work, and storing in the plugin's transaction.
#pragma once

#include <portico/abi/tasks.h>

#include "kernel/extensions/transactions.hpp"
#include "kernel/loader/call_scope.hpp"
#include "kernel/work/job_runner.hpp"

namespace kernel::extensions {

/// errors    422 plugin.task_invalid
loader::WorkSpec work_spec(std::string name, const portico_queue_options* options, portico_job_fn fn,
                           void* user);

inline std::string current_correlation() {
  const auto* current = loader::CallScope::current();
  return current ? std::string(current->correlation_id) : std::string();
}

/// in_transaction for work: whoever runs it here is told as soon as it can be seen.
template <class F>
void storing(const portico_host* host, portico_handle transaction, const char* reason, F&& fn) {
  in_transaction(host, transaction, reason, std::forward<F>(fn));
  if (transaction)
    transaction_of(host, transaction)->wakes_work = true;  // with its commit
  else
    services_of(host).jobs.wake();
}

}  // namespace kernel::extensions
