/* What a plugin holds of the host: extensions by id, and the way to give leases back. */
#ifndef PORTICO_ABI_HOST_H
#define PORTICO_ABI_HOST_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct portico_host portico_host;
struct portico_host {
  uint32_t size;
  uint32_t abi_minor;
  void* context; /* the host's own; never read by plugins */

  /* [any] The function table of an extension ("portico.routes/1"), or null where this host has none or the
     manifest did not ask for it. Valid until destroy returns. */
  const void* (*extension)(const portico_host* host, const char* id);

  /* [any] Ends a lease. Stale or zero leases are ignored. */
  void (*release)(const portico_host* host, portico_handle lease);
};

#ifdef __cplusplus
}
#endif
#endif
