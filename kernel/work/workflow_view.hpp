// What people see of workflows, and what staff may decide.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "kernel/database/connection.hpp"
#include "kernel/work/workflow_store.hpp"

namespace kernel::work {

/// Whether some code here fits an instance.
using Offers = std::function<bool(const store::Offer&)>;

/// What a list is narrowed to; empty members narrow nothing. Row-level security narrows it to the
/// transaction's user besides.
struct WorkflowFilter {
  std::string plugin, kind, user_id;
  std::optional<portico::WorkflowState> state;
  std::optional<std::int64_t> before;  // the number of the last of the page before
  std::int64_t limit = 50;
};

constexpr std::int64_t kMostListed = 100;

/// Newest first.
portico::WorkflowList list_workflows(database::Transaction& tx, const WorkflowFilter& filter,
                                     const Offers& offers);

/// own: of a person, who does not see inputs, outputs and whose it is.
enum class Eyes { own, staff };

/// errors    404 workflows.not_found
portico::WorkflowDetails show_workflow(database::Transaction& tx, const std::string& id, Eyes eyes,
                                       const Offers& offers);

/// retry, skip and fail answer an instance that asks a person; cancel undoes one that runs.
enum class StaffAction { retry, skip, fail, cancel };
BOOST_DESCRIBE_ENUM(StaffAction, retry, skip, fail, cancel)

/// output    JSON that a skipped step counts as having given; empty: null
/// errors    404 workflows.not_found; 409 workflows.ended, workflows.no_return, workflows.not_asking
void act_on_workflow(database::Transaction& tx, const std::string& id, StaffAction action,
                     const std::string& output, const std::string& actor, double spread = 1);

/// A cancel by the plugin that owns it. errors: as above
void cancel_workflow(database::Transaction& tx, const std::string& id, const std::string& plugin);

/// A text of the timeline, {step} filled in. Unknown events have their own name.
portico::Titled timeline_text(const std::string& event, const portico::Titled* step);

bool is_uuid(std::string_view text);

}  // namespace kernel::work
