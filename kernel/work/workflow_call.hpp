// One call into a step's code: what it is told, and what its answer means.
#pragma once

#include "kernel/loader/plugin.hpp"
#include "kernel/work/workflow_progress.hpp"

namespace kernel::work {

/// What became of a call.
struct CallOutcome {
  ActEvent event = ActEvent::unknown;
  EventDetails details;
};

/// Calls run, or look where the rules ask for it, on this thread, which is a worker of that plugin.
CallOutcome call_step(loader::Plugin& plugin, const loader::WorkflowSpec& spec, const Progress& progress);

/// Whether text is JSON that PostgreSQL can keep.
bool is_storable_json(std::string_view text);

/// For portico.workflows/1 reply. errors: PORTICO_E_STALE; PORTICO_E_INVALID
portico_status reply_to_step(portico_handle reply, std::uint32_t outcome, std::string_view code,
                             std::int64_t after_ms, std::string_view output);

}  // namespace kernel::work
