/* HTTP routes and the policy each one carries. */
#ifndef PORTICO_ABI_ROUTES_H
#define PORTICO_ABI_ROUTES_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_ROUTES "portico.routes/1"

/* Who may call. A value the host does not know is refused at registration. */
enum {
  PORTICO_ACCESS_SIGNED_IN = 0,
  PORTICO_ACCESS_ANYONE = 1,
  PORTICO_ACCESS_STAFF = 2,
  PORTICO_ACCESS_ADMIN = 3
};
/* Cross-site protection of unsafe methods: all checks; Origin and Sec-Fetch-Site without the custom header
   (plain form posts); none (signed webhooks). */
enum { PORTICO_CSRF_PROTECTED = 0, PORTICO_CSRF_SAME_ORIGIN = 1, PORTICO_CSRF_OPEN = 2 };
/* Whose answers may be shared: nobody's; per signed-in user and language; everybody's, per language. */
enum { PORTICO_CACHE_NONE = 0, PORTICO_CACHE_USER = 1, PORTICO_CACHE_SHARED = 2 };
/* Flags. SECRET: never stored, compressed or logged. NOT_AUDITED: an unsafe route without an audit row.
   STREAMED_BODY: the handler is called when the head has come and reads the body in pieces (streams.h); not
   for GET. IDEMPOTENCY_KEY: 400 without the header Idempotency-Key (idempotency.h); for POST, PATCH and
   DELETE of signed-in users, neither secret nor streamed. A flag that the host does not know is refused. */
enum {
  PORTICO_ROUTE_SECRET = 1,
  PORTICO_ROUTE_NOT_AUDITED = 2,
  PORTICO_ROUTE_STREAMED_BODY = 4,
  PORTICO_ROUTE_IDEMPOTENCY_KEY = 8
};

/* Answers through the exchange before it returns PORTICO_OK; or returns PORTICO_PENDING and answers later; or
   fills error and returns PORTICO_E_PROBLEM. */
typedef portico_status (*portico_route_fn)(void* user, portico_handle exchange, portico_error* error);

typedef struct portico_route {
  uint32_t size;
  uint32_t access;
  uint32_t csrf;
  uint32_t cache_scope;
  uint32_t flags;
  uint32_t reserved;
  portico_str method;          /* GET, POST, PUT, PATCH or DELETE; GET serves HEAD */
  portico_str pattern;         /* "/api/invoices/{id}"; a parameter fills one whole segment */
  portico_str lane;            /* worker lane named in the manifest; empty: the plugin's standard lane */
  portico_str rate_class;      /* rate class of the host's config; empty: "read" or "write" by method */
  uint64_t body_limit;         /* bytes; 0: the host's default */
  int64_t deadline_ms;         /* 0: the host's default by method */
  int64_t cache_fresh_ms;      /* how long a stored answer is served without asking again */
  int64_t cache_revalidate_ms; /* … and then served once more while one request renews it */
  int64_t cache_stale_ms;      /* … and then served only while renewing fails with 5xx */
  portico_str cache_tags;      /* JSON array; "{user}" and "{name of a path parameter}" are filled in */
  portico_str summary;         /* for the API document */
  portico_str
      schemas; /* JSON {"query":{…},"request":{…},"responses":{"200":{…}},"components":{…}}; may be empty */
  portico_route_fn handler;
  void* user;
} portico_route;

typedef struct portico_routes {
  uint32_t size;
  uint32_t reserved;
  /* [control] Adds a draft route. errors: PORTICO_E_DENIED prefix not in the manifest; PORTICO_E_INVALID with
   * error. */
  portico_status (*add)(const portico_host* host, const portico_route* route, portico_error* error);
} portico_routes;

#ifdef __cplusplus
}
#endif
#endif
