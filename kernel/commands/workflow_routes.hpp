// The host's own routes on workflows: what belongs to the caller, and for staff all of them.
#pragma once

#include <vector>

#include "kernel/database/connection.hpp"
#include "kernel/extensions/seal.hpp"
#include "kernel/policy/publication.hpp"
#include "kernel/work/workflow_engine.hpp"

namespace kernel::commands {

/// GET /api/workflows, GET /api/workflows/{id}, POST /api/workflows/{id}/actions. What they are given
/// outlives the routes.
std::vector<policy::BuiltinRoute> workflow_routes(database::Pool& database, work::WorkflowEngine& engine,
                                                  const extensions::Seal& seal);

}  // namespace kernel::commands
