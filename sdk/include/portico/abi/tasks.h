/* Background work on the plugin's own workers: by the clock, and from durable queues. */
#ifndef PORTICO_ABI_TASKS_H
#define PORTICO_ABI_TASKS_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_TASKS "portico.tasks/1"

/* EVERY_REPLICA keeps its time in memory, and what was missed is lost. ONE_REPLICA keeps it in PostgreSQL:
   whichever replica is free runs it, a replica that dies is replaced, and any number of missed times are one
   run. */
enum { PORTICO_TASK_EVERY_REPLICA = 0, PORTICO_TASK_ONE_REPLICA = 1 };

typedef portico_status (*portico_task_fn)(void* user, portico_error* error);

/* One attempt at one piece of work; valid until the function returns. id is the same in each attempt. */
typedef struct portico_job {
  uint32_t size;
  uint32_t attempt; /* from 1 */
  portico_handle handle;
  int64_t id;
  int64_t created_us; /* µs since 1970, UTC */
  portico_str name;   /* of the queue */
  portico_str key;    /* may be empty */
  portico_str payload;
} portico_job;

/* PORTICO_OK: done. PORTICO_E_INVALID: it will never work; a dead letter at once. Anything else: tried again
   later, not before error->retry_after_s, until the attempts are used up. */
typedef portico_status (*portico_job_fn)(void* user, const portico_job* job, portico_error* error);

/* 0 means the default. */
typedef struct portico_queue_options {
  uint32_t size;
  uint32_t attempts;    /* 12; at most 1000 */
  uint32_t concurrency; /* 1: how many at once on one replica; at most 64 */
  uint32_t reserved;
  int64_t backoff_ms;      /* 1,000: doubled with each attempt, ± half */
  int64_t backoff_most_ms; /* 3,600,000 */
  int64_t lease_ms;        /* 20,000: so long after its last sign of life a replica's work is taken over */
  int64_t limit_ms;        /* 60,000: so long an attempt may take; later its result no longer counts */
} portico_queue_options;

typedef struct portico_enqueue_options {
  uint32_t size;
  int32_t priority;      /* lower first; usually 0 */
  int64_t not_before_us; /* µs since 1970, UTC; 0: now */
  portico_str
      dedup_key; /* a second one with it is not stored while the first is kept; ≤ 200 bytes, may be empty */
  portico_str key; /* those of one key run one after another in the order they were stored; ≤ 200 bytes */
} portico_enqueue_options;

/* Names of tasks and queues stand in the manifest under "tasks". Work runs on the lane "tasks". */
typedef struct portico_tasks {
  uint32_t size;
  uint32_t reserved;

  /* [control] Runs fn interval_ms after the previous run ended (± 10 %). A failed run is logged, counted,
     and tried at the next interval. errors: 422 plugin.task_invalid (below 100 ms) */
  portico_status (*every)(const portico_host*, portico_str name, int64_t interval_ms, uint32_t where,
                          portico_task_fn fn, void* user, portico_error*);

  /* [control] Runs fn at the times of a cron expression of five fields, in the portal's time zone. On one
     replica a failed run is tried again with back-off until the next time.
     errors: 422 plugin.task_invalid with what is wrong in the expression */
  portico_status (*cron)(const portico_host*, portico_str name, portico_str expression, uint32_t where,
                         portico_task_fn fn, void* user, portico_error*);

  /* [control] Works through what is enqueued under the name. options may be null. */
  portico_status (*queue)(const portico_host*, portico_str name, const portico_queue_options* options,
                          portico_job_fn fn, void* user, portico_error*);

  /* [request] [task] Stores work (a JSON text of at most 64 KB) in the plugin's transaction, or for 0 in one
     of its own. options may be null. id (may be null) gets 0 where the dedup key was known.
     errors: 403 plugin.not_in_manifest; 422 work.invalid; those of portico_database.run */
  portico_status (*enqueue)(const portico_host*, portico_handle transaction, portico_str queue,
                            portico_str payload, const portico_enqueue_options* options, int64_t* id,
                            portico_error*);

  /* [task] Settles the job or delivery as done in the plugin's transaction: what the transaction did and that
     it was done become true together, once. errors: 409 work.lease_lost: roll back, somebody else has it */
  portico_status (*complete)(const portico_host*, portico_handle job, portico_handle transaction,
                             portico_error*);

  /* [task] Says how far it is; stored at most twice a second. note ≤ 200 bytes.
     errors: 409 work.lease_lost */
  portico_status (*progress)(const portico_host*, portico_handle job, int64_t done, int64_t total,
                             portico_str note, portico_error*);

  /* [task] PORTICO_OK: go on. PORTICO_E_STALE: cancelled, or no longer ours; return soon. */
  portico_status (*check)(const portico_host*, portico_handle job);

  /* [request] [task] Cancels one of the plugin's jobs: one that waits is not run, one that runs is asked to
     end. Does nothing to one that has ended. errors: 404 work.no_such_job */
  portico_status (*cancel)(const portico_host*, portico_handle transaction, int64_t id, portico_error*);

  /* [request] [task] {"state","attempt","done","total","note","last_error"}; state is available, running,
     done, dead or cancelled. errors: 404 work.no_such_job (or ended longer ago than it is kept) */
  portico_status (*look)(const portico_host*, int64_t id, portico_buffer* out, portico_error*);
} portico_tasks;

#ifdef __cplusplus
}
#endif
#endif
