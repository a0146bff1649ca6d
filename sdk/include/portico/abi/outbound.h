/* HTTP requests to the upstreams that the manifest names. */
#ifndef PORTICO_ABI_OUTBOUND_H
#define PORTICO_ABI_OUTBOUND_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_OUTBOUND "portico.outbound/1"

/* Who waits for the answer; the room of a lane is shared by these classes. AUTO: a person in a request, else
   a job. */
enum {
  PORTICO_PRIORITY_AUTO = 0,
  PORTICO_PRIORITY_INTERACTIVE = 1,
  PORTICO_PRIORITY_JOB = 2,
  PORTICO_PRIORITY_REFRESH = 3 /* nobody waits: what is shown is only made fresh */
};

enum { PORTICO_OUTBOUND_READ = 0, PORTICO_OUTBOUND_WRITE = 1 }; /* reads are retried, writes never */

typedef struct portico_outbound_request {
  uint32_t size;
  uint32_t kind;
  portico_str upstream;  /* name in the manifest */
  portico_str lane;      /* empty: "standard" */
  portico_str operation; /* metric label: the vendor's name for the call */
  portico_str method;
  portico_str path; /* below the upstream's base URL */
  const struct portico_outbound_header* headers;
  uint64_t header_count;
  portico_str body;
  int64_t timeout_ms; /* of the whole call, its wait and its retries; 0: until the caller's deadline */
  uint32_t priority;
  uint32_t reserved;
} portico_outbound_request;

typedef struct portico_outbound_header {
  portico_str name;
  portico_str value;
} portico_outbound_header;

typedef struct portico_outbound_response {
  uint32_t size;               /* set by the caller */
  int32_t status;              /* of HTTP; 0 where the call failed */
  uint32_t may_have_been_sent; /* also where it failed: 0 only where the upstream surely has not seen it */
  uint32_t attempts;
  portico_buffer body;
  portico_str content_type; /* this and headers are valid as long as body */
  portico_str headers;      /* "name: value\n" for each that came, names in lower case */
} portico_outbound_response;

typedef struct portico_outbound {
  uint32_t size;
  uint32_t reserved;
  /* [request] [task] Any HTTP status is PORTICO_OK. errors: 503 upstream.busy, upstream.unavailable,
     upstream.circuit_open, upstream.isolated; 504 upstream.timeout, upstream.deadline; 502
     upstream.too_large. A write that failed and may have been sent has an unknown outcome: look before
     repeating it. */
  portico_status (*call)(const portico_host*, const portico_outbound_request*, portico_outbound_response* out,
                         portico_error*);
  /* [any] The reply was no sense: counts as a failure for the breaker. */
  void (*report_bad_reply)(const portico_host*, portico_str upstream);

  /* What follows came with 1.1: size says whether a host has it. */

  /* [request] [task] As call, for a READ whose body may be large: waits for the head and the first bytes.
     After a 2xx status *reply is a handle by which the body is read while it comes, and out has an empty
     body; after any other *reply is 0 and out is as call gives it. Its headers live as long as out's body.
     The time-out of the upstream then is for each silence, timeout_ms and the deadline are for the whole,
     reading included; the lane's place is taken until then. Retried until the first bytes. body_limit: bytes,
     at least 1. errors: as call; 500 upstream.bad_request a WRITE, or no limit. */
  portico_status (*open)(const portico_host*, const portico_outbound_request*, uint64_t body_limit,
                         portico_outbound_response* out, portico_handle* reply, portico_error*);
  /* [any] One reader at a time: waits for the next bytes. got 0: the body is complete, proven by its framing.
     errors: PORTICO_E_STALE closed; PORTICO_E_INVALID size 0; PORTICO_E_PROBLEM as call: it broke off, what
     came must not be taken for the whole. */
  portico_status (*read)(const portico_host*, portico_handle reply, char* buffer, uint64_t size,
                         uint64_t* got, portico_error*);
  /* [any] Ends it, also in the middle. Each handle has to be closed; one that is closed already is ignored.
   */
  void (*close)(const portico_host*, portico_handle reply);
} portico_outbound;

#ifdef __cplusplus
}
#endif
#endif
