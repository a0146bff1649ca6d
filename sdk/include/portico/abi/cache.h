/* Values that may be lost: in-process tier over Redis, tags, one load per key at a time. */
#ifndef PORTICO_ABI_CACHE_H
#define PORTICO_ABI_CACHE_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_CACHE "portico.cache/1"

typedef struct portico_cache_policy {
  uint32_t size;
  uint32_t reserved;
  int64_t fresh_ms;
  int64_t revalidate_ms; /* served stale while one load renews it */
  int64_t stale_ms;      /* served stale only when loading fails */
  const portico_str* tags;
  uint64_t tag_count;
} portico_cache_policy;

/* Loads by calling portico_cache.reply once, or fills error. */
typedef portico_status (*portico_cache_load_fn)(void* user, portico_handle reply, portico_error* error);

/* Keys and tags are the plugin's own; two plugins never meet. */
typedef struct portico_cache {
  uint32_t size;
  uint32_t reserved;
  /* [request] [task] age_ms gets how long ago the value was made. errors: those of load. */
  portico_status (*get_or_load)(const portico_host*, portico_str key, const portico_cache_policy*,
                                portico_cache_load_fn load, void* user, portico_buffer* out, int64_t* age_ms,
                                portico_error*);
  portico_status (*reply)(const portico_host*, portico_handle reply, portico_str value);
  /* [request] [task] Makes every value with this tag unreachable, on all replicas. */
  portico_status (*bust)(const portico_host*, portico_str tag);
} portico_cache;

#ifdef __cplusplus
}
#endif
#endif
