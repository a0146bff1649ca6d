// Open transactions that plugins hold handles of.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kernel/database/connection.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/loader/call_scope.hpp"

namespace kernel::extensions {

struct OpenTransaction {
  OpenTransaction(loader::Plugin& owner, database::Transaction open)
      : line(owner, loader::Holding::database, "a transaction"),
        plugin(&owner),
        transaction(std::move(open)) {}

  HeldLine line;
  loader::Plugin* plugin;
  database::Transaction transaction;
  /// Of a plugin's own work across owners: why, and whether it left a row in the audit trail.
  struct Trail {
    std::string reason;
    bool with_row;
  };
  std::optional<Trail> trail;
  bool wakes_work = false;  // what it stored may run when it has committed
};

/// errors    409 database.no_transaction (ended, or another plugin's)
std::shared_ptr<OpenTransaction> transaction_of(const portico_host* host, portico_handle handle);

/// Runs fn(database::Transaction&) in the plugin's open transaction, or, for handle 0, in one of the host's
/// own.
template <class F>
void in_transaction(const portico_host* host, portico_handle handle, const char* reason, F&& fn) {
  if (handle) return fn(transaction_of(host, handle)->transaction);
  auto own = services_of(host).database.begin({database::Scope::system, {}, reason, "portico_kernel"},
                                              loader::current_deadline());
  fn(own);
  own.commit();
}

}  // namespace kernel::extensions
