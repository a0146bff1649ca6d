/* What a plugin gives the host: its life in four calls, and the one exported symbol. */
#ifndef PORTICO_ABI_PLUGIN_H
#define PORTICO_ABI_PLUGIN_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* create → start → (calls) → stop → destroy. create failed: no destroy. start failed: destroy, no stop.
   stop exactly once after a good start. All four run on one control thread of the host, never at once. */
typedef struct portico_plugin portico_plugin;
struct portico_plugin {
  uint32_t size;
  uint32_t reserved;
  void* context; /* the plugin's own */

  /* [control] Registers everything; what is registered becomes visible when start has returned PORTICO_OK. */
  portico_status (*start)(portico_plugin* plugin, portico_error* error);
  /* [control] No call into the plugin is under way or follows, except destroy. */
  void (*stop)(portico_plugin* plugin);
  void (*destroy)(portico_plugin* plugin);
};

typedef struct portico_entry {
  uint32_t size;
  uint32_t abi_major; /* PORTICO_ABI_MAJOR */
  uint32_t abi_minor; /* PORTICO_ABI_MINOR the plugin was built with */
  uint32_t reserved;
  /* [control] Makes the plugin; host outlives it. */
  portico_status (*create)(const portico_host* host, portico_plugin** plugin, portico_error* error);
} portico_entry;

/* The one symbol a plugin exports. */
PORTICO_EXPORT const portico_entry* portico_plugin_entry_v1(void);

#ifdef __cplusplus
}
#endif
#endif
