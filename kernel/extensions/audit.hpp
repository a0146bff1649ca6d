// Rows of kernel.audit: who did what, never changed.
#pragma once

#include <string>

#include "kernel/database/connection.hpp"
#include "kernel/extensions/seal.hpp"

namespace kernel::extensions {

struct AuditRow {
  std::string actor_user_id;  // empty: anonymous, or the system when kind says so
  std::string actor_kind;     // anonymous, user, system, operator
  std::string action, target, outcome, correlation_id;
  std::string client_address;  // stored as a keyed hash of its prefix
  std::string details = "{}";
};

void write_audit(database::Transaction& transaction, const Seal& seal, const AuditRow& row);

}  // namespace kernel::extensions
