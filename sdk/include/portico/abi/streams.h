/* Bodies in pieces: event streams to browsers, downloads written and uploads read while they move. */
#ifndef PORTICO_ABI_STREAMS_H
#define PORTICO_ABI_STREAMS_H

#include "exchange.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_STREAMS "portico.streams/1"

/* One server-sent event. data may have several lines; id and event may not. An event of more than 60,000
   bytes, all fields together, is PORTICO_E_INVALID. */
typedef struct portico_stream_event {
  uint32_t size;
  uint32_t reserved;
  portico_str id;    /* comes back in the header Last-Event-ID of a client that reconnects; may be empty */
  portico_str event; /* its type; empty: "message" */
  portico_str data;
} portico_stream_event;

/* What write does when the client is not as fast: waits, at most until the request's deadline; or returns. */
enum { PORTICO_WRITE_WAIT = 0, PORTICO_WRITE_NOWAIT = 1 };

typedef struct portico_streams {
  uint32_t size;
  uint32_t reserved;

  /* [request], or later from any thread of the plugin: answers the exchange by an event stream, which is the
     one answer it gets. Only for GET without a cache. retry_ms: how long a client waits before it reconnects
     (up to a quarter is added, so that not all come at once); 0: the client's own choice. The host sends
     comments into silence, and ends the stream when the session of its user ends, when the host or the plugin
     stops, and when the client is further behind than the host keeps for it. errors: PORTICO_E_STALE answered
     already; PORTICO_E_INVALID a cached route or another method; PORTICO_E_PROBLEM 429
     streams.too_many_of_user, 503 streams.too_many, both not an answer yet. */
  portico_status (*open_events)(const portico_host*, portico_handle exchange, uint32_t retry_ms,
                                portico_handle* stream, portico_error* error);
  /* [any] Never waits. errors: PORTICO_E_STALE ended; PORTICO_E_AGAIN the client was too far behind and has
     been cut off, it will reconnect; PORTICO_E_INVALID. */
  portico_status (*send)(const portico_host*, portico_handle stream, const portico_stream_event* event);
  /* [any] From now on the stream gets what is published under that topic, of at most 128 bytes; up to 16 a
     stream. Topics are the plugin's own; another version of it shares them. */
  portico_status (*subscribe)(const portico_host*, portico_handle stream, portico_str topic);
  /* [any] Sends to every stream of this host with that topic; reached may be null. Other replicas are not
     reached: publish on each, for instance from an event subscription. */
  portico_status (*publish)(const portico_host*, portico_str topic, const portico_stream_event* event,
                            uint64_t* reached);

  /* [request], or later from any thread of the plugin: answers with this head and a body written in pieces.
     The body of head is not looked at. length: bytes of the body; -1: not known. errors: as open_events,
     without the caps. */
  portico_status (*open_download)(const portico_host*, portico_handle exchange, const portico_answer* head,
                                  int64_t length, portico_handle* stream, portico_error* error);
  /* [any] One writer at a time. taken (may be null) says how much was taken: everything, unless it fails or
     mode is PORTICO_WRITE_NOWAIT. errors: PORTICO_E_AGAIN no room now; PORTICO_E_STALE the client has gone or
     the deadline has passed, stop; PORTICO_E_INVALID more than length, which cuts the body. */
  portico_status (*write)(const portico_host*, portico_handle stream, portico_str bytes, uint32_t mode,
                          uint64_t* taken);

  /* [any] The event stream ends; the download is complete. errors: PORTICO_E_STALE the client has gone;
     PORTICO_E_INVALID less than length was written, which cuts the body. */
  portico_status (*finish)(const portico_host*, portico_handle stream);
  /* [any] Resets the connection: what came must not be taken for the whole. A stale handle is ignored. */
  void (*abort)(const portico_host*, portico_handle stream);

  /* [request] On a route with PORTICO_ROUTE_STREAMED_BODY, one reader at a time: waits for the next bytes of
     the body, at most until the deadline. got 0: the body is complete. errors: PORTICO_E_STALE answered or
     ended; PORTICO_E_PROBLEM with what the client is told where it was the client's fault (400, 408, 413),
     504 request.deadline. */
  portico_status (*read)(const portico_host*, portico_handle exchange, char* buffer, uint64_t size,
                         uint64_t* got, portico_error* error);
} portico_streams;

#ifdef __cplusplus
}
#endif
#endif
