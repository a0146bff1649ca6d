/* Durable work in named steps: each looks before it repeats, and can be undone backwards. */
#ifndef PORTICO_ABI_WORKFLOWS_H
#define PORTICO_ABI_WORKFLOWS_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_WORKFLOWS "portico.workflows/1"

/* How a call of run or look ended. A value the host does not know means UNKNOWN. */
enum {
  PORTICO_STEP_DONE = 0,     /* it has happened; of a look: found */
  PORTICO_STEP_AGAIN = 1,    /* it has surely not happened: try again after the back-off */
  PORTICO_STEP_FAILED = 2,   /* it has surely not happened and never will */
  PORTICO_STEP_UNKNOWN = 3,  /* it may have happened: look before anything is repeated */
  PORTICO_STEP_LATER = 4,    /* not yet: call again after after_ms; not a failed try */
  PORTICO_STEP_NOT_FOUND = 5 /* of a look: it has not happened */
};

typedef struct portico_step_call {
  uint32_t size;
  uint32_t attempt;     /* 1 is the first */
  portico_str instance; /* id of the workflow */
  portico_str user_id;  /* whose it is; empty: the system's */
  portico_str step;     /* name */
  portico_str marker; /* ≤ 64 characters, unique to this step of this instance, the same at every attempt */
  portico_str input;  /* JSON the instance was started with */
  portico_str outputs;  /* JSON object: name of each step done before → its output */
  portico_str signal;   /* JSON of the signal that the step waited for; empty: none */
  portico_handle reply; /* valid until the call returns */
} portico_step_call;

/* Calls reply once and returns PORTICO_OK; PORTICO_OK without reply means done with output null, of a look
   unknown. Or fills error: 429 means AGAIN, 408 UNKNOWN, any other 4xx FAILED, everything else UNKNOWN. */
typedef portico_status (*portico_step_fn)(void* user, const portico_step_call* call, portico_error* error);

/* REPEATABLE: run does no harm when it is repeated after an unknown end (the other side knows the marker). */
enum { PORTICO_ACTION_REPEATABLE = 1 };

typedef struct portico_workflow_action {
  uint32_t size;
  uint32_t flags;
  portico_step_fn run;
  portico_step_fn look; /* has what run does already happened? null: cannot be known */
  void* user;
  uint32_t attempts; /* 0: 12 */
  uint32_t reserved;
  int64_t backoff_ms;      /* before the second attempt, doubled each time, ± 50 %; 0: 2 s */
  int64_t backoff_most_ms; /* 0: 1 h */
  int64_t deadline_ms;     /* of one call; 0: 10 s; at most 10 min */
} portico_workflow_action;

/* NO_RETURN: once it is done nothing can be cancelled any more; later failures ask a person. */
enum { PORTICO_STEP_NO_RETURN = 1 };

typedef struct portico_workflow_step {
  uint32_t size;
  uint32_t flags;
  portico_str name;   /* lower-case word, unique in the workflow */
  portico_str title;  /* JSON {"en": …, "ja": …} */
  portico_str holder; /* who holds it while it runs or waits, for people: JSON as title; empty: the portal */
  portico_str signal; /* waits for the signal of this name before it runs; empty: does not */
  int64_t wait_ms;    /* with signal: it fails when none came in that time, 0: no limit; without: it begins so
                         late */
  /* null: the step only waits, its output is the signal */
  const portico_workflow_action* action;
  const portico_workflow_action* undo; /* null: there is nothing to undo */
} portico_workflow_step;

typedef struct portico_workflow {
  uint32_t size;
  uint32_t revision; /* ≥ 1; steps that change get a new revision, and running instances keep the old one */
  portico_str kind;  /* "orders.place", under "workflows" in the manifest */
  portico_str title; /* JSON {"en": …, "ja": …} */
  portico_str lane;  /* of the manifest; empty: the plugin's tasks lane */
  const portico_workflow_step* const* steps;
  uint64_t step_count;
} portico_workflow;

typedef struct portico_workflow_start {
  uint32_t size;
  uint32_t revision; /* 0: the newest registered */
  portico_str kind;
  portico_str key;     /* ≤ 200 characters; a repeat gets the first one's id */
  portico_str user_id; /* whose it is; empty: the system's */
  portico_str input;   /* JSON without personal data: name people by id, or seal what you must keep */
} portico_workflow_start;

typedef struct portico_workflows {
  uint32_t size;
  uint32_t reserved;
  /* [control] Adds a draft. errors: 403 plugin.not_in_manifest; 422 plugin.workflow_invalid. */
  portico_status (*define)(const portico_host*, const portico_workflow*, portico_error*);
  /* [request] [task] In the transaction, or 0: in one of its own. id: of the new instance, or of the one that
     the same key started. errors: 404 workflows.unknown_kind; 409 workflows.key_reused (other input or user).
   */
  portico_status (*start)(const portico_host*, portico_handle transaction, const portico_workflow_start*,
                          portico_buffer* id, portico_error*);
  /* [request] [task] Kept until a step waits for it, also when that is later. key: a repeat changes nothing;
     empty: none. errors: 404 workflows.not_found; 409 workflows.ended. */
  portico_status (*signal)(const portico_host*, portico_handle transaction, portico_str id, portico_str name,
                           portico_str key, portico_str payload, portico_error*);
  /* [request] [task] Undoes what is done, backwards, after what runs has ended. Repeatable.
     errors: 404 workflows.not_found; 409 workflows.ended; 409 workflows.no_return. */
  portico_status (*cancel)(const portico_host*, portico_handle transaction, portico_str id, portico_error*);
  /* [request] [task] JSON of the instance, with input and outputs. user_id: only if it is that user's; empty:
     anybody's. errors: 404 workflows.not_found. */
  portico_status (*state)(const portico_host*, portico_str user_id, portico_str id, portico_buffer*,
                          portico_error*);
  /* [request] [task] JSON array of the user's newest 100 of this plugin, newest first. */
  portico_status (*list)(const portico_host*, portico_str user_id, portico_buffer*, portico_error*);
  /* [task] Only inside the portico_step_fn that got the handle. code: of a failure, dotted, may be shown;
     after_ms: with LATER, at least 1 s and at most 30 days; output: JSON; empty: null. */
  portico_status (*reply)(const portico_host*, portico_handle reply, uint32_t outcome, portico_str code,
                          int64_t after_ms, portico_str output);
} portico_workflows;

#ifdef __cplusplus
}
#endif
#endif
