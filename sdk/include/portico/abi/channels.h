/* gRPC calls and streams to the upstreams that the manifest names with "protocol": "grpc". */
#ifndef PORTICO_ABI_CHANNELS_H
#define PORTICO_ABI_CHANNELS_H

#include "outbound.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_CHANNELS "portico.channels/1"

/* One member of the metadata. name in lower case, not "grpc-…" and not "…-bin"; value printable ASCII. It may
   be a secret: no log line has it. */
typedef struct portico_channel_field {
  portico_str name;
  portico_str value;
} portico_channel_field;

/* A call, or how a stream begins. */
typedef struct portico_channel_call {
  uint32_t size;
  uint32_t kind;         /* PORTICO_OUTBOUND_READ is tried again, _WRITE never; of no meaning for a stream */
  portico_str upstream;  /* name in the manifest */
  portico_str lane;      /* empty: "standard"; an open stream takes one of its places */
  portico_str operation; /* metric label: the vendor's name for the call */
  portico_str method;    /* "/package.Service/Method" */
  const portico_channel_field* metadata;
  uint64_t metadata_count;
  portico_str message; /* serialized; of a stream: the first one, sent as it opens, or empty for none */
  int64_t timeout_ms;  /* of the whole call, its retries included; 0: until the caller's deadline. Not of
                          streams */
  uint32_t priority;   /* PORTICO_PRIORITY_… */
  uint32_t reserved;
} portico_channel_call;

/* The answer of the server, whatever its status. */
typedef struct portico_channel_reply {
  uint32_t size; /* set by the caller */
  int32_t code;  /* gRPC's status code; 0: message is the answer */
  uint32_t
      may_have_been_sent; /* also where the call failed: 0 only where the server surely has not seen it */
  uint32_t attempts;
  portico_buffer message;
  portico_str text;     /* of the status; this and trailers are valid as long as message */
  portico_str trailers; /* "name: value\n" for each that came, binary ones left out */
} portico_channel_reply;

/* Why a stream ended. A value a reader does not know means LOST. */
enum {
  PORTICO_CHANNEL_ANSWERED = 0,  /* by the server, with the status that it gave */
  PORTICO_CHANNEL_LOST = 1,      /* no connection, cut, or silent to keep-alives */
  PORTICO_CHANNEL_CANCELLED = 2, /* by the plugin, or because message() failed */
  PORTICO_CHANNEL_STOPPING = 3,  /* by the host: the plugin drains, or the host stops */
  PORTICO_CHANNEL_ISOLATED = 4,  /* by an administrator */
  PORTICO_CHANNEL_TOO_LARGE = 5  /* a message above the upstream's body_limit */
};

typedef struct portico_channel_end {
  uint32_t size;
  uint32_t cause;
  int32_t code; /* gRPC's status code */
  uint32_t reserved;
  portico_str text;
  portico_str trailers;
} portico_channel_end;

/* What the host calls for a stream, one at a time, on the lane "tasks". It and user are valid until end has
   been called, or stop. */
typedef struct portico_channel_handler {
  uint32_t size;
  uint32_t reserved;
  void* user;
  /* The next message is read when this has returned. A failure is logged and cancels the stream. */
  portico_status (*message)(void* user, portico_handle stream, portico_str bytes, portico_error* error);
  /* The last call of every stream that was opened, but for a host that stops without waiting longer. */
  void (*end)(void* user, portico_handle stream, const portico_channel_end* end);
} portico_channel_handler;

typedef struct portico_channels {
  uint32_t size;
  uint32_t reserved;

  /* [request] [task] One message there, one back. Any status of the server is PORTICO_OK. errors: 503
     upstream.busy (the lane is full: nothing waits), upstream.unavailable, upstream.circuit_open,
     upstream.isolated; 504 upstream.timeout, upstream.deadline; 502 upstream.tls, upstream.too_large; 500
     upstream.bad_request. A write that failed and may have been sent has an unknown outcome. */
  portico_status (*call)(const portico_host*, const portico_channel_call*, portico_channel_reply* out,
                         portico_error*);

  /* [request] [task] Begins a stream in both directions. Whether the server takes it is said by message() or
     end(). The host ends it when the plugin drains. errors: as of call, before anything was sent; 503
     service.stopping */
  portico_status (*open)(const portico_host*, const portico_channel_call*, const portico_channel_handler*,
                         portico_handle* out, portico_error*);

  /* [any] Never waits. PORTICO_E_AGAIN: 16 messages or body_limit bytes wait already. PORTICO_E_INVALID:
     above body_limit. PORTICO_E_STALE: it has ended. */
  portico_status (*send)(const portico_host*, portico_handle stream, portico_str bytes);

  /* [any] Nothing more is sent; what waits still goes. */
  portico_status (*finish)(const portico_host*, portico_handle stream);

  /* [any] end() follows. Nothing for a stream that has ended. */
  void (*cancel)(const portico_host*, portico_handle stream);
} portico_channels;

#ifdef __cplusplus
}
#endif
#endif
