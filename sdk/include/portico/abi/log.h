/* Structured log lines with the correlation id of the call. */
#ifndef PORTICO_ABI_LOG_H
#define PORTICO_ABI_LOG_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_LOG "portico.log/1"

enum { PORTICO_LOG_DEBUG = 0, PORTICO_LOG_INFO = 1, PORTICO_LOG_WARNING = 2, PORTICO_LOG_ERROR = 3 };

typedef struct portico_log_field {
  portico_str key; /* a key that names a secret or personal data is written as "[redacted]" */
  portico_str value;
} portico_log_field;

typedef struct portico_log {
  uint32_t size;
  uint32_t reserved;
  /* [any] message is constant text; what varies goes into fields. */
  void (*write)(const portico_host*, uint32_t level, portico_str message, const portico_log_field* fields,
                uint64_t count);
} portico_log;

#ifdef __cplusplus
}
#endif
#endif
