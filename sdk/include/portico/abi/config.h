/* The plugin's settings, checked against the schema of its manifest. */
#ifndef PORTICO_ABI_CONFIG_H
#define PORTICO_ABI_CONFIG_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_CONFIG "portico.config/1"

typedef struct portico_config {
  uint32_t size;
  uint32_t reserved;
  /* [any] JSON object with every key of the schema, typed, defaults filled in. Holds secrets: do not log it.
   */
  portico_status (*snapshot)(const portico_host*, portico_buffer* out);
  /* [any] JSON object of what the portal is: name, public_url, time_zone, languages, default_language. */
  portico_status (*portal)(const portico_host*, portico_buffer* out);
} portico_config;

#ifdef __cplusplus
}
#endif
#endif
