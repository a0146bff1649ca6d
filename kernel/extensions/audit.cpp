// portico.audit/1, and the rows that the host writes itself.
#include "kernel/extensions/audit.hpp"

#include <portico/contract.hpp>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/transactions.hpp"

namespace kernel::extensions {

using database::Value;

namespace {

/// 203.0.113.7 → 203.0.113: enough to see a pattern.
std::string prefix_of(const std::string& address) {
  const bool six = address.find(':') != std::string::npos;
  const char separator = six ? ':' : '.';
  std::size_t seen = 0, at = 0;
  for (; at < address.size() && seen < 3; ++at) seen += address[at] == separator;
  return seen == 3 ? address.substr(0, at - 1) : address;
}

Value text_or_null(const std::string& text) {
  return text.empty() ? Value(std::monostate()) : Value(text);
}

portico_status record(const portico_host* host, portico_handle transaction, const portico_audit_entry* entry,
                      portico_error* error) {
  return guard(error, [&] {
    const auto* current = loader::CallScope::current();
    AuditRow row;
    row.actor_user_id = entry->user_id.size ? text_of(entry->user_id)
                        : current           ? std::string(current->user_id)
                                            : "";
    row.actor_kind = !row.actor_user_id.empty()                    ? "user"
                     : current && !current->client_address.empty() ? "anonymous"
                                                                   : "system";
    row.action = text_of(entry->action);
    row.target = text_of(entry->target);
    row.outcome = text_of(entry->outcome);
    if (entry->details.size)
      row.details = boost::json::serialize(portico::parse_json(portico::view(entry->details)));
    if (current) row.correlation_id = current->correlation_id, row.client_address = current->client_address;
    in_transaction(host, transaction, "audit of a plugin",
                   [&](database::Transaction& t) { write_audit(t, services_of(host).seal, row); });
  });
}

}  // namespace

void write_audit(database::Transaction& transaction, const Seal& seal, const AuditRow& row) {
  transaction.run_as("portico_kernel",
                     "INSERT INTO kernel.audit(actor_user_id, actor_kind, action, target, outcome, "
                     "correlation_id, address_hash, details) "
                     "VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8::jsonb)",
                     {text_or_null(row.actor_user_id), Value(row.actor_kind), Value(row.action),
                      text_or_null(row.target), Value(row.outcome), text_or_null(row.correlation_id),
                      row.client_address.empty()
                          ? Value(std::monostate())
                          : Value(database::Bytes{seal.hash(prefix_of(row.client_address)).substr(0, 16)}),
                      Value(row.details)});
}

const portico_audit kAudit{sizeof(portico_audit), 0, &record};

}  // namespace kernel::extensions
