// Looks extensions up and keeps leases.
#include "kernel/extensions/table.hpp"

#include <cstring>

#include "kernel/extensions/all.hpp"
#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/handles.hpp"

namespace kernel::extensions {

namespace {

struct Row {
  const char* id;
  const void* table;
};

const Row kTable[] = {
    {PORTICO_EXT_ROUTES, &kRoutes},
    {PORTICO_EXT_EXCHANGE, &kExchange},
    {PORTICO_EXT_IDEMPOTENCY, &kIdempotency},
    {PORTICO_EXT_STREAMS, &kStreams},
    {PORTICO_EXT_OPERATIONS, &kOperations},
    {PORTICO_EXT_DATABASE, &kDatabase},
    {PORTICO_EXT_CACHE, &kCache},
    {PORTICO_EXT_OUTBOUND, &kOutbound},
    {PORTICO_EXT_CHANNELS, &kChannels},
    {PORTICO_EXT_TASKS, &kTasks},
    {PORTICO_EXT_EVENTS, &kEvents},
    {PORTICO_EXT_MAIL, &kMail},
    {PORTICO_EXT_IDENTITY, &kIdentity},
    {PORTICO_EXT_CONFIG, &kConfig},
    {PORTICO_EXT_LOG, &kLog},
    {PORTICO_EXT_METRICS, &kMetrics},
    {PORTICO_EXT_AUDIT, &kAudit},
    {PORTICO_EXT_HEALTH, &kHealth},
    {PORTICO_EXT_CRYPTO, &kCrypto},
    {PORTICO_EXT_CLOCK, &kClock},
    {PORTICO_EXT_PAGES, &kPages},
    {PORTICO_EXT_WORKFLOWS, &kWorkflows},
};

struct Lease {
  std::shared_ptr<void> held;
  std::optional<HeldLine> line;
};

loader::Handles<Lease>& leases() {
  static loader::Handles<Lease> handles;
  return handles;
}

}  // namespace

const void* find_extension(const portico_host* host, const char* id) {
  if (!plugin_of(host).declares_extension(id)) return nullptr;
  for (const auto& row : kTable)
    if (std::strcmp(row.id, id) == 0) return row.table;
  return nullptr;
}

void release_lease(const portico_host*, portico_handle handle) {
  if (handle) leases().take(handle);
}

portico_handle lease(std::shared_ptr<void> held, std::string_view what) {
  auto lease = std::make_shared<Lease>();
  lease->held = std::move(held);
  if (const auto* current = loader::CallScope::current())
    lease->line.emplace(*current->plugin, loader::Holding::lease, what);
  return leases().add(std::move(lease));
}

portico_buffer lease_text(std::string text) {
  auto held = std::make_shared<std::string>(std::move(text));
  const portico_buffer buffer{held->data(), held->size(), lease(held, "a text")};
  return buffer;
}

}  // namespace kernel::extensions
