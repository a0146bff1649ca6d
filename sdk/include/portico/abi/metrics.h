/* Counters and durations, with a bound on their number. */
#ifndef PORTICO_ABI_METRICS_H
#define PORTICO_ABI_METRICS_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_METRICS "portico.metrics/1"

typedef struct portico_metrics {
  uint32_t size;
  uint32_t reserved;
  /* [any] Adds to the counter portico_<plugin>_<name>_total{label="value"}; label may be empty.
     A name that is not lower snake_case is ignored, and so is such a label. */
  void (*count)(const portico_host*, portico_str name, portico_str label, portico_str value, double amount);
  /* [any] Records a duration in portico_<plugin>_<name>_seconds. */
  void (*duration)(const portico_host*, portico_str name, portico_str label, portico_str value,
                   double seconds);
} portico_metrics;

#ifdef __cplusplus
}
#endif
#endif
