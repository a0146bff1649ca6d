// Workflows in PostgreSQL: every change is lock, load, apply a rule, save, in one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/database/connection.hpp"
#include "kernel/work/workflow_progress.hpp"

namespace kernel::work::store {

/// Kind, revision and shape that some code offers.
struct Offer {
  std::string plugin, kind;
  std::int64_t revision = 1;
  std::string shape;
  bool operator==(const Offer&) const = default;
};

/// What starts an instance. errors of start: 409 workflows.key_reused
struct NewInstance {
  std::string plugin;
  const loader::WorkflowSpec* spec = nullptr;
  std::string key, user_id, input;
};
/// The id of the new instance, or of the one that the same key started.
std::string start(database::Transaction& tx, const NewInstance& what);

/// Ids of at most `most` instances whose turn it is and that one of the offers fits; locked.
std::vector<std::string> lock_due(database::Transaction& tx, const std::vector<Offer>& offers,
                                  std::int64_t most);

/// Locks one instance. plugin: only if it is that plugin's; empty: anybody's.
bool lock(database::Transaction& tx, const std::string& id, const std::string& plugin = {});

/// Locks one instance that is still held under this epoch; false: somebody else has it.
bool lock_held(database::Transaction& tx, const std::string& id, std::int64_t epoch);

/// After a lock: the instances as they are.
std::vector<Progress> load(database::Transaction& tx, const std::vector<std::string>& ids);
inline Progress load_one(database::Transaction& tx, const std::string& id) {
  return load(tx, {id}).at(0);
}

/// Writes what changed. With an owner it is claimed: the epoch rises, due_at becomes the end of the lease.
/// actor     the person whose action this was; empty: none
void save(database::Transaction& tx, Progress& progress, const std::string& actor = {},
          const std::string& owner = {}, std::chrono::milliseconds lease = {});

/// Takes the oldest free signal that the step waits for. Its payload, or nothing.
std::optional<std::string> take_signal(database::Transaction& tx, const Progress& progress);

/// Stores a signal; a waiting step's turn comes at once. errors: 409 workflows.ended
void add_signal(database::Transaction& tx, const std::string& id, const std::string& name,
                const std::string& key, const std::string& payload);

struct Held {
  std::string id;
  std::int64_t epoch = 0;
};
/// Prolongs leases.
void renew(database::Transaction& tx, const std::vector<Held>& held, std::chrono::milliseconds lease);

/// How many there are and since when the oldest has not moved, by state; "code" are those no offer fits.
struct Count {
  std::string state;
  std::int64_t count = 0;
  double oldest_s = 0;
};
std::vector<Count> count(database::Transaction& tx, const std::vector<Offer>& offers);

}  // namespace kernel::work::store
