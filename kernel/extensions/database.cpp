// portico.database/1: transactions under the plugin's role, rows as flat cells.
#include <boost/json.hpp>

#include "kernel/database/migrations.hpp"
#include "kernel/extensions/all.hpp"
#include "kernel/extensions/audit.hpp"
#include "kernel/extensions/scope_trail.hpp"
#include "kernel/extensions/transactions.hpp"
#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/handles.hpp"

namespace kernel::extensions {

namespace {

using database::Value;
using portico::Problem;

loader::Handles<OpenTransaction>& transactions() {
  static loader::Handles<OpenTransaction> handles;
  return handles;
}

ScopeTrail& scope_trail() {
  static ScopeTrail trail;
  return trail;
}

/// Who looks past the owner of rows leaves a trace that commits with what it did.
void leave_trace(Services& services, OpenTransaction& open, const std::string& reason) {
  const auto* current = loader::CallScope::current();
  const bool for_a_person = current && !current->client_address.empty();
  boost::json::object details{{"reason", reason}};
  if (!for_a_person) {
    const auto stands_for = scope_trail().begin(open.plugin->id(), reason, ScopeTrail::Clock::now());
    open.trail = {reason, stands_for.has_value()};
    if (!stands_for) return;
    details["transactions"] = *stands_for;
  }
  AuditRow row;
  row.actor_kind = "system", row.action = "database.system_scope", row.target = open.plugin->id(),
  row.outcome = "ok";
  row.details = boost::json::serialize(details);
  if (current) row.correlation_id = current->correlation_id;
  write_audit(open.transaction, services.seal, row);
}

portico_status begin(const portico_host* host, const portico_scope* scope, portico_handle* out,
                     portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    if (!plugin.manifest.database)
      throw Problem(500, "plugin.not_in_manifest",
                    plugin.id() + " has no \"database\": true in its manifest");
    database::Scope in;
    in.kind = scope->user_id.size ? database::Scope::user : database::Scope::system;
    in.user_id = text_of(scope->user_id);
    in.reason = text_of(scope->system_reason);
    in.role = database::role_of(plugin.id());
    auto& services = services_of(host);
    auto transaction = services.database.begin(in, loader::current_deadline());
    const auto open = std::make_shared<OpenTransaction>(plugin, std::move(transaction));
    if (in.kind == database::Scope::system) leave_trace(services, *open, in.reason);
    *out = transactions().add(open);
  });
}

Value value_of(const portico_value& raw) {
  switch (raw.kind) {
    case PORTICO_VALUE_NULL:
      return std::monostate{};
    case PORTICO_VALUE_BOOL:
      return raw.integer != 0;
    case PORTICO_VALUE_INT:
      return raw.integer;
    case PORTICO_VALUE_REAL:
      return raw.real;
    case PORTICO_VALUE_TEXT:
      return text_of(raw.text);
    case PORTICO_VALUE_BYTES:
      return database::Bytes{text_of(raw.text)};
    case PORTICO_VALUE_TIME:
      return database::Timestamp{raw.integer};
    default:
      throw Problem(500, "sdk.invalid_argument", "unknown kind of value");
  }
}

portico_value cell_of(const Value& value) {
  portico_value cell{};
  struct Visitor {
    portico_value& cell;
    void operator()(std::monostate) { cell.kind = PORTICO_VALUE_NULL; }
    void operator()(bool b) { cell.kind = PORTICO_VALUE_BOOL, cell.integer = b; }
    void operator()(std::int64_t i) { cell.kind = PORTICO_VALUE_INT, cell.integer = i; }
    void operator()(double d) { cell.kind = PORTICO_VALUE_REAL, cell.real = d; }
    void operator()(const std::string& s) { cell.kind = PORTICO_VALUE_TEXT, cell.text = portico::to_str(s); }
    void operator()(const database::Bytes& b) {
      cell.kind = PORTICO_VALUE_BYTES, cell.text = portico::to_str(b.data);
    }
    void operator()(database::Timestamp t) { cell.kind = PORTICO_VALUE_TIME, cell.integer = t.us; }
    void operator()(const database::Date& d) {
      cell.kind = PORTICO_VALUE_TEXT, cell.text = portico::to_str(d.text);
    }
  };
  std::visit(Visitor{cell}, value);
  return cell;
}

/// Adds the time it lives to what the plugin waited for the database.
class DatabaseTime {
 public:
  explicit DatabaseTime(loader::Usage& usage) : usage_(usage) {}
  ~DatabaseTime() {
    const auto took = std::chrono::steady_clock::now() - since_;
    usage_.add(usage_.database_us, static_cast<std::uint64_t>(
                                       std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  }
  DatabaseTime(const DatabaseTime&) = delete;
  DatabaseTime& operator=(const DatabaseTime&) = delete;

 private:
  loader::Usage& usage_;
  const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

/// A result and the flat view of it that a plugin reads.
struct LeasedRows {
  database::Result result;
  std::vector<portico_str> columns;
  std::vector<portico_value> cells;
};

portico_status run(const portico_host* host, portico_handle handle, portico_str sql,
                   const portico_value* parameters, uint64_t count, portico_rows* out, portico_error* error) {
  return guard(error, [&] {
    const auto open = transaction_of(host, handle);
    std::vector<Value> values;
    values.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) values.push_back(value_of(parameters[i]));
    auto rows = std::make_shared<LeasedRows>();
    {
      const DatabaseTime time(open->plugin->usage);
      rows->result = open->transaction.run(portico::view(sql), values);
    }
    const auto& result = rows->result;
    for (std::size_t c = 0; c < result.columns(); ++c)
      rows->columns.push_back(portico::to_str(result.name(c)));
    rows->cells.reserve(result.rows() * result.columns());
    for (std::size_t r = 0; r < result.rows(); ++r)
      for (std::size_t c = 0; c < result.columns(); ++c) rows->cells.push_back(cell_of(result.at(r, c)));
    *out = {0,
            result.rows(),
            result.columns(),
            rows->columns.data(),
            rows->cells.data(),
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, result.affected()))};
    out->lease = lease(rows, "rows");
  });
}

portico_status commit(const portico_host* host, portico_handle handle, portico_error* error) {
  return guard(error, [&] {
    const auto open = transaction_of(host, handle);
    transactions().take(handle);
    const DatabaseTime time(open->plugin->usage);
    open->transaction.commit();
    if (const auto& trail = open->trail)
      scope_trail().committed(open->plugin->id(), trail->reason, trail->with_row, ScopeTrail::Clock::now());
    if (open->wakes_work) services_of(host).jobs.wake();
  });
}

void rollback(const portico_host* host, portico_handle handle) {
  const auto open = transactions().find(handle);
  if (!open || open->plugin != &plugin_of(host)) return;
  transactions().take(handle);
  open->transaction.rollback();
}

}  // namespace

std::shared_ptr<OpenTransaction> transaction_of(const portico_host* host, portico_handle handle) {
  auto open = transactions().find(handle);
  if (!open || open->plugin != &plugin_of(host))
    throw Problem(409, "database.no_transaction", "the transaction has ended");
  return open;
}

const portico_database kDatabase{sizeof(portico_database), 0, &begin, &run, &commit, &rollback};

}  // namespace kernel::extensions
