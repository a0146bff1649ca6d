/* Background work on the plugin's own workers. */
#ifndef PORTICO_ABI_TASKS_H
#define PORTICO_ABI_TASKS_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_TASKS "portico.tasks/1"

enum { PORTICO_TASK_EVERY_REPLICA = 0, PORTICO_TASK_ONE_REPLICA = 1 };

typedef portico_status (*portico_task_fn)(void* user, portico_error* error);

typedef struct portico_tasks {
  uint32_t size;
  uint32_t reserved;
  /* [control] Runs fn every interval_ms after the previous run ended (± 10 %); name must stand in the
     manifest. A failed run is logged, counted, and tried at the next interval. */
  portico_status (*every)(const portico_host*, portico_str name, int64_t interval_ms, uint32_t where,
                          portico_task_fn fn, void* user, portico_error*);
} portico_tasks;

#ifdef __cplusplus
}
#endif
#endif
