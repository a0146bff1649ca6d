/* Idempotency keys: a write that a client may send again takes effect once. */
#ifndef PORTICO_ABI_IDEMPOTENCY_H
#define PORTICO_ABI_IDEMPOTENCY_H

#include "exchange.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_IDEMPOTENCY "portico.idempotency/1"

/* The host claims the Idempotency-Key header of signed-in POST, PATCH and DELETE requests (not of routes with
   PORTICO_ROUTE_SECRET or PORTICO_ROUTE_STREAMED_BODY) before the handler runs; PORTICO_ROUTE_IDEMPOTENCY_KEY
   makes the header necessary. An answer below 400 is stored for 72 hours and given to every repeat; any other
   releases the key. */
typedef struct portico_idempotency {
  uint32_t size;
  uint32_t reserved;
  /* [request] The key that this request has claimed: a marker for what the handler stores or sends. The host
     may die between the handler's commit and its answer; the repeat then runs the handler again, with the
     same key. errors: PORTICO_E_STALE; PORTICO_E_NOT_FOUND none was claimed. */
  portico_status (*key)(const portico_host*, portico_handle exchange, portico_str* out);
  /* [request] Stores the answer in this transaction, beside what the handler does: both are there or neither,
     so that the handler runs once. The same answer has still to be given. Does nothing where no key was
     claimed. transaction: one that database.begin gave. errors: PORTICO_E_STALE; PORTICO_E_INVALID; error:
     409 idempotency.superseded another attempt has taken the key over (roll back), 409
     database.no_transaction. */
  portico_status (*keep)(const portico_host*, portico_handle exchange, portico_handle transaction,
                         const portico_answer* answer, portico_error* error);
} portico_idempotency;

#ifdef __cplusplus
}
#endif
#endif
