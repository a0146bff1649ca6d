/* One HTTP request and its one answer. */
#ifndef PORTICO_ABI_EXCHANGE_H
#define PORTICO_ABI_EXCHANGE_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_EXCHANGE "portico.exchange/1"

/* Fields of the request. Texts are valid until the handler returns: who answers later copies what it needs,
   since the deadline may answer at any time. */
enum {
  PORTICO_FIELD_METHOD = 1,
  PORTICO_FIELD_PATH = 2,     /* decoded */
  PORTICO_FIELD_QUERY = 3,    /* as sent */
  PORTICO_FIELD_BODY = 4,     /* whole; empty on a route with PORTICO_ROUTE_STREAMED_BODY */
  PORTICO_FIELD_LANGUAGE = 5, /* "en" or "ja": of the user, else negotiated */
  PORTICO_FIELD_CORRELATION_ID = 6,
  PORTICO_FIELD_CLIENT_ADDRESS = 7, /* behind a trusted proxy, the address it names */
  PORTICO_FIELD_ORIGIN = 8          /* scheme://host[:port] the portal is reached by */
};
/* Named values of the request. */
enum { PORTICO_VALUE_PATH = 1, PORTICO_VALUE_QUERY = 2, PORTICO_VALUE_HEADER = 3, PORTICO_VALUE_COOKIE = 4 };

typedef struct portico_header {
  portico_str name;
  portico_str value;
} portico_header;

typedef struct portico_answer {
  uint32_t size;
  int32_t status;
  portico_str content_type; /* empty: no body */
  portico_str body;
  const portico_header* headers;
  uint64_t header_count;
} portico_answer;

/* Who calls. Texts as in portico_exchange.field; empty user_id: nobody. */
typedef struct portico_principal {
  uint32_t size;
  uint32_t reserved;
  portico_str user_id;
  portico_str session_id;
  portico_str roles;    /* comma separated */
  int64_t proved_at_us; /* when the person last proved to be the one, UTC */
} portico_principal;

/* Nobody waits for the answer any more: the client has gone, the deadline has passed, or the plugin is to
 * stop. */
typedef void (*portico_cancel_fn)(void* user, portico_handle exchange);

typedef struct portico_exchange {
  uint32_t size;
  uint32_t reserved;
  /* [request] errors: PORTICO_E_STALE answered or ended; PORTICO_E_NOT_FOUND no such field or name. */
  portico_status (*field)(const portico_host*, portico_handle exchange, uint32_t field, portico_str* out);
  portico_status (*value)(const portico_host*, portico_handle exchange, uint32_t kind, portico_str name,
                          portico_str* out);
  portico_status (*principal)(const portico_host*, portico_handle exchange, portico_principal* out);
  /* [request] Time left before the deadline, in µs, never negative; 0 also for a stale handle. */
  int64_t (*remaining_us)(const portico_host*, portico_handle exchange);
  /* [any] 1 when the client has gone or the deadline has passed. */
  uint32_t (*cancelled)(const portico_host*, portico_handle exchange);
  /* [any] Exactly once; the second answer gets PORTICO_E_STALE, as does one after the deadline, which the
     host answers by itself (504), or after the plugin was told to stop (503). Copies what it is given. */
  portico_status (*answer)(const portico_host*, portico_handle exchange, const portico_answer* answer);
  portico_status (*fail)(const portico_host*, portico_handle exchange, const portico_error* error);
  /* [request] Calls fn once, on a worker of the route's lane, when nobody waits for the answer any more; not
     at all where the lane has no room. It never begins after answer or fail has returned, whatever these
     returned; while it runs on one thread, they wait on others: hold no lock then that fn takes. The exchange
     still wants its answer unless the host has given one. errors: PORTICO_E_STALE; PORTICO_E_INVALID the
     second fn. */
  portico_status (*on_cancel)(const portico_host*, portico_handle exchange, portico_cancel_fn fn, void* user);
} portico_exchange;

#ifdef __cplusplus
}
#endif
#endif
