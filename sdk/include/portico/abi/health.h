/* What a plugin says of its own state. */
#ifndef PORTICO_ABI_HEALTH_H
#define PORTICO_ABI_HEALTH_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_HEALTH "portico.health/1"

enum { PORTICO_HEALTH_OK = 0, PORTICO_HEALTH_DEGRADED = 1, PORTICO_HEALTH_FAILED = 2 };

typedef struct portico_health {
  uint32_t size;
  uint32_t reserved;
  /* [any] name within the plugin ("whmcs"); reason for staff, without secrets. */
  void (*report)(const portico_host*, portico_str name, uint32_t state, portico_str reason);
} portico_health;

#ifdef __cplusplus
}
#endif
#endif
