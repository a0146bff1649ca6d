// The gate: the call into a plugin's handler, with its ticket, its context and its handle.
#pragma once

#include "kernel/loader/handles.hpp"
#include "kernel/policy/call.hpp"

namespace kernel::policy {

/// The exchanges plugins may hold handles of.
loader::Handles<Call>& exchanges();

/// Calls the handler on this worker thread. The answer has been given, or will be when it returned PENDING.
/// A failure of the handler is this request's answer and nothing more.
void call_handler(Call& call);

}  // namespace kernel::policy
