/* Events between plugins: stored with the fact they tell of, delivered to each subscriber at least once. */
#ifndef PORTICO_ABI_EVENTS_H
#define PORTICO_ABI_EVENTS_H

#include "tasks.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_EVENTS "portico.events/1"

typedef struct portico_publish_options {
  uint32_t size;
  uint32_t reserved;
  portico_str key; /* those of one key reach each subscriber in the order they were published; ≤ 200 bytes */
  portico_str dedup_key; /* a second one of this plugin with it is not published while the first is kept */
} portico_publish_options;

typedef struct portico_events {
  uint32_t size;
  uint32_t reserved;

  /* [request] [task] Publishes a JSON text of at most 64 KB in the plugin's transaction, or for 0 in one of
     its own. name "parcels.sent/1" must stand in the manifest under "events": {"publishes"}.
     options may be null. errors: 403 plugin.not_in_manifest; 422 work.invalid; those of portico_database.run
   */
  portico_status (*publish)(const portico_host*, portico_handle transaction, portico_str name,
                            portico_str payload, const portico_publish_options* options, portico_error*);

  /* [control] From now on every such event reaches fn, also those published while the plugin is down. name
     must stand under "subscribes". The job's name is the event's, its id the delivery's; complete, progress
     and check of portico.tasks/1 work on it. options may be null. A delivery that fails goes the way of a
     job: again with back-off, in the end a dead letter, and then the next of its key. */
  portico_status (*subscribe)(const portico_host*, portico_str name, const portico_queue_options* options,
                              portico_job_fn fn, void* user, portico_error*);
} portico_events;

#ifdef __cplusplus
}
#endif
#endif
