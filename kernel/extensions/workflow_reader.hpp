// What a plugin declares as a workflow, as the host keeps it.
#pragma once

#include <portico/abi/workflows.h>

#include <string_view>

#include "kernel/loader/workflow_spec.hpp"

namespace kernel::extensions {

/// errors    422 plugin.workflow_invalid; 422 request.invalid for a title that is none
loader::WorkflowSpec read_workflow(const portico_workflow& raw);

/// Names of steps and signals: 1 to 64 of a-z, 0-9 and _.
bool is_workflow_word(std::string_view text);

}  // namespace kernel::extensions
