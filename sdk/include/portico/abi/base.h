/* The words of the ABI: strings, handles, status codes, errors, leased outputs. */
#ifndef PORTICO_ABI_BASE_H
#define PORTICO_ABI_BASE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_ABI_MAJOR 1
#define PORTICO_ABI_MINOR 1

#define PORTICO_EXPORT __attribute__((visibility("default")))

/* Borrowed text or bytes, not terminated by NUL; valid for the call it is passed in unless a lease says
 * longer. */
typedef struct portico_str {
  const char* data;
  uint64_t size;
} portico_str;

/* A host object: slot and generation. 0 is no object. A handle that has ended answers PORTICO_E_STALE. */
typedef uint64_t portico_handle;

/* The answer of every call that can fail. A value a reader does not know means PORTICO_E_INTERNAL. */
typedef int32_t portico_status;
enum {
  PORTICO_OK = 0,
  PORTICO_PENDING = 1,        /* from a route handler: the answer comes later through the exchange */
  PORTICO_E_INVALID = -1,     /* an argument breaks the contract of the call */
  PORTICO_E_STALE = -2,       /* the handle's object has ended */
  PORTICO_E_UNSUPPORTED = -3, /* this host does not offer that */
  PORTICO_E_NOT_FOUND = -4,   /* nothing by that name */
  PORTICO_E_DENIED = -5,      /* not declared in the manifest, or not allowed here */
  PORTICO_E_PROBLEM = -6,     /* a failure with an answer for the caller: read the portico_error */
  PORTICO_E_INTERNAL = -7,    /* anything else */
  PORTICO_E_AGAIN = -8        /* not now, and the call may not wait */
};

/* A failure with an answer: the caller owns the memory, the callee fills it. Texts end with NUL.
   status is HTTP; code is stable, dotted and may be shown; detail is for the log only;
   members is a JSON object of further members of the problem document ("" for none). */
typedef struct portico_error {
  uint32_t size;
  int32_t status;
  int32_t retry_after_s;
  uint32_t reserved;
  char code[96];
  char detail[416];
  char members[3584];
} portico_error;

/* A leased output: data stays valid until host->release(host, lease). lease 0 needs no release. */
typedef struct portico_buffer {
  const char* data;
  uint64_t size;
  portico_handle lease;
} portico_buffer;

#ifdef __cplusplus
}
#endif
#endif
