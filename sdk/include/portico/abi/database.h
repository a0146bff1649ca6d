/* Transactions on the plugin's own schema, under its own role. */
#ifndef PORTICO_ABI_DATABASE_H
#define PORTICO_ABI_DATABASE_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_DATABASE "portico.database/1"

enum {
  PORTICO_VALUE_NULL = 0,
  PORTICO_VALUE_BOOL = 1, /* integer 0 or 1 */
  PORTICO_VALUE_INT = 2,
  PORTICO_VALUE_REAL = 3,
  PORTICO_VALUE_TEXT = 4, /* also uuid, json, numeric, date */
  PORTICO_VALUE_BYTES = 5,
  PORTICO_VALUE_TIME = 6 /* integer: µs since 1970, UTC */
};

typedef struct portico_value {
  uint32_t kind;
  uint32_t reserved;
  int64_t integer;
  double real;
  portico_str text;
} portico_value;

/* cells row by row; valid until host->release(host, lease). */
typedef struct portico_rows {
  portico_handle lease;
  uint64_t row_count;
  uint64_t column_count;
  const portico_str* columns;
  const portico_value* cells;
  uint64_t affected;
} portico_rows;

/* Whose rows: a user's (row-level security), or the system's, with a reason that the database session
 * carries. */
typedef struct portico_scope {
  uint32_t size;
  uint32_t reserved;
  portico_str user_id;       /* a UUID; empty: system scope */
  portico_str system_reason; /* required without user_id */
} portico_scope;

typedef struct portico_database {
  uint32_t size;
  uint32_t reserved;
  /* [request] [task] [control] errors: 503 database.unavailable; 503 database.busy. */
  portico_status (*begin)(const portico_host*, const portico_scope*, portico_handle* transaction,
                          portico_error*);
  /* $1, $2 … are the parameters. errors: 409 database.conflict (members.constraint); 503 database.timeout. */
  portico_status (*run)(const portico_host*, portico_handle transaction, portico_str sql,
                        const portico_value* parameters, uint64_t count, portico_rows* out, portico_error*);
  /* errors: 503 database.commit_unknown: the answer to COMMIT was lost; read back before doing it again. */
  portico_status (*commit)(const portico_host*, portico_handle transaction, portico_error*);
  void (*rollback)(const portico_host*, portico_handle transaction);
} portico_database;

#ifdef __cplusplus
}
#endif
#endif
