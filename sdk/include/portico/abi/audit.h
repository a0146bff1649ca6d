/* Rows that say who did what; never changed, never removed. */
#ifndef PORTICO_ABI_AUDIT_H
#define PORTICO_ABI_AUDIT_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_AUDIT "portico.audit/1"

typedef struct portico_audit_entry {
  uint32_t size;
  uint32_t reserved;
  portico_str action;  /* "auth.sign_in" */
  portico_str user_id; /* whom it is about; empty: the caller */
  portico_str target;  /* id of the object; may be empty */
  portico_str outcome; /* "ok", "refused", "failed" */
  portico_str details; /* JSON object without personal data; may be empty */
} portico_audit_entry;

typedef struct portico_audit {
  uint32_t size;
  uint32_t reserved;
  /* [request] [task] In the transaction, or 0: in one of its own. */
  portico_status (*record)(const portico_host*, portico_handle transaction, const portico_audit_entry*,
                           portico_error*);
} portico_audit;

#ifdef __cplusplus
}
#endif
#endif
