// The tables of all extensions, one file each.
#pragma once

#include <portico/abi/audit.h>
#include <portico/abi/cache.h>
#include <portico/abi/channels.h>
#include <portico/abi/clock.h>
#include <portico/abi/config.h>
#include <portico/abi/crypto.h>
#include <portico/abi/database.h>
#include <portico/abi/events.h>
#include <portico/abi/exchange.h>
#include <portico/abi/health.h>
#include <portico/abi/idempotency.h>
#include <portico/abi/identity.h>
#include <portico/abi/log.h>
#include <portico/abi/mail.h>
#include <portico/abi/metrics.h>
#include <portico/abi/operations.h>
#include <portico/abi/outbound.h>
#include <portico/abi/pages.h>
#include <portico/abi/routes.h>
#include <portico/abi/streams.h>
#include <portico/abi/tasks.h>
#include <portico/abi/workflows.h>

namespace kernel::extensions {

extern const portico_routes kRoutes;
extern const portico_exchange kExchange;
extern const portico_idempotency kIdempotency;
extern const portico_streams kStreams;
extern const portico_operations kOperations;
extern const portico_database kDatabase;
extern const portico_cache kCache;
extern const portico_outbound kOutbound;
extern const portico_channels kChannels;
extern const portico_tasks kTasks;
extern const portico_events kEvents;
extern const portico_mail kMail;
extern const portico_identity_ext kIdentity;
extern const portico_config kConfig;
extern const portico_log kLog;
extern const portico_metrics kMetrics;
extern const portico_audit kAudit;
extern const portico_health kHealth;
extern const portico_crypto kCrypto;
extern const portico_clock kClock;
extern const portico_pages kPages;
extern const portico_workflows kWorkflows;

}  // namespace kernel::extensions
