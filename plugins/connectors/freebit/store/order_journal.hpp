// The journal in the plugin's own schema: the one place where all replicas see what was ordered for a line.
#pragma once

#include <portico/database.hpp>

#include "mapping/journal.hpp"

namespace freebit::store {

class OrderJournal final : public Journal {
 public:
  explicit OrderJournal(const portico::Database& database) : database_(database) {}

  /// Under an advisory lock on the account that lasts until the row is committed. errors: database.*
  bool claim(const Entry& wanted, const std::function<bool(const Known&)>& decide) override;
  void settle(const std::string& operation_id, EntryState state, std::optional<Seconds> due_at) override;
  void forget(const std::string& operation_id) override;
  void tidy(Seconds now) override;

 private:
  const portico::Database& database_;
};

}  // namespace freebit::store
