/* Time, which tests can set. */
#ifndef PORTICO_ABI_CLOCK_H
#define PORTICO_ABI_CLOCK_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_CLOCK "portico.clock/1"

typedef struct portico_clock {
  uint32_t size;
  uint32_t reserved;
  int64_t (*now_us)(const portico_host*);       /* [any] µs since 1970, UTC */
  int64_t (*monotonic_us)(const portico_host*); /* [any] never goes back */
} portico_clock;

#ifdef __cplusplus
}
#endif
#endif
