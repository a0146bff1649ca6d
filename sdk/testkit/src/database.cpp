// portico.database/1 over whatever database the test gave.
#include <portico/abi/database.h>

#include "state.hpp"

namespace portico::testkit {

namespace {

portico_status begin(const portico_host* host, const portico_scope* scope, portico_handle* out,
                     portico_error* error) {
  return host_call(host, {"database.begin", kRequest | kTask | kControl}, error, [&](State& s) {
    if (!s.manifest.anything && !s.manifest.database) s.not_in_manifest("the database", "database");
    const DatabaseScope wanted{text_of(scope->user_id), text_of(scope->system_reason)};
    if (wanted.user_id.empty() && wanted.system_reason.empty())
      throw Problem(500, "database.scope", "neither a user nor a reason of the system");
    if (!s.database) {
      s.fault("database.begin: the test gave the host no database (with_database)");
      throw Problem(503, "database.unavailable", "the test gave the host no database");
    }
    auto* current = Scope::current(s);
    auto open = std::make_shared<OpenTransaction>();
    open->real = s.database->begin(wanted);
    open->where = current ? current->what : "a thread of the plugin's own";
    const std::lock_guard lock(s.mutex);
    s.transactions.add(*out = s.new_handle(), open);
    if (current) current->transactions.push_back(*out);
  });
}

struct LeasedRows {
  QueryResult result;
  std::vector<portico_str> columns;
  std::vector<portico_value> cells;
};

portico_status run(const portico_host* host, portico_handle handle, portico_str sql,
                   const portico_value* parameters, std::uint64_t count, portico_rows* out,
                   portico_error* error) {
  return host_call(host, {"database.run", kRequest | kTask | kControl}, error, [&](State& s) {
    const auto open = s.transaction(handle, "database.run");
    std::vector<Value> values;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto& p = parameters[i];
      values.push_back({p.kind, p.integer, p.real, text_of(p.text)});
    }
    const auto rows = std::make_shared<LeasedRows>();
    rows->result = open->real->run(view(sql), values);
    const auto& result = rows->result;
    for (const auto& name : result.columns) rows->columns.push_back(to_str(name));
    for (const auto& cell : result.cells)
      rows->cells.push_back({cell.kind, 0, cell.integer, cell.real, to_str(cell.text)});
    *out = {s.lease(rows, "database.run"), result.row_count,   result.columns.size(),
            rows->columns.data(),          rows->cells.data(), result.affected};
  });
}

portico_status commit(const portico_host* host, portico_handle handle, portico_error* error) {
  const auto status = host_call(host, {"database.commit", kRequest | kTask | kControl}, error, [&](State& s) {
    const auto open = s.transaction(handle, "database.commit");
    {
      const std::lock_guard lock(s.mutex);
      s.transactions.take(handle);
    }
    open->real->commit();
    for (const auto& effect : open->on_commit) effect();
  });
  if (status == PORTICO_OK) return status;
  // A commit that failed ends the transaction too; one that was made to fail has not reached the database.
  auto& s = State::of(host);
  std::shared_ptr<OpenTransaction> open;
  {
    const std::lock_guard lock(s.mutex);
    open = s.transactions.take(handle);
  }
  if (open) call::guard(nullptr, [&] { open->real->rollback(); });
  return status;
}

void rollback(const portico_host* host, portico_handle handle) {
  auto& s = State::of(host);
  call::guard(nullptr, [&] {
    const auto open = s.transaction(handle, "database.rollback");
    {
      const std::lock_guard lock(s.mutex);
      s.transactions.take(handle);
    }
    open->real->rollback();
  });
}

}  // namespace

const portico_database kDatabase{sizeof(portico_database), 0, begin, run, commit, rollback};

}  // namespace portico::testkit
