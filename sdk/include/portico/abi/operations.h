/* Typed calls between plugins, as JSON, by name and revision. */
#ifndef PORTICO_ABI_OPERATIONS_H
#define PORTICO_ABI_OPERATIONS_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_OPERATIONS "portico.operations/1"

/* Provides by calling reply exactly once before it returns PORTICO_OK, or fills error. */
typedef portico_status (*portico_operation_fn)(void* user, portico_str arguments, portico_handle reply,
                                               portico_error* error);

typedef struct portico_operations {
  uint32_t size;
  uint32_t reserved;
  /* [control] name "billing.list_invoices/1" must stand in the manifest under "provides". */
  portico_status (*provide)(const portico_host*, portico_str name, portico_operation_fn fn, void* user,
                            portico_error*);
  /* [request] [task] Runs on the provider's workers under the caller's deadline.
     errors: 503 service.not_provided; 503 service.busy; 504 request.deadline; and the provider's own. */
  portico_status (*call)(const portico_host*, portico_str name, portico_str arguments, portico_buffer* out,
                         portico_error*);
  /* [request] [task] Only inside the portico_operation_fn that got the handle. */
  portico_status (*reply)(const portico_host*, portico_handle reply, portico_str result);
} portico_operations;

#ifdef __cplusplus
}
#endif
#endif
