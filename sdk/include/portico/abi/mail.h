/* Mail that leaves after the transaction commits, at least once. */
#ifndef PORTICO_ABI_MAIL_H
#define PORTICO_ABI_MAIL_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_MAIL "portico.mail/1"

typedef struct portico_mail_message {
  uint32_t size;
  uint32_t reserved;
  portico_str to;
  portico_str subject;
  portico_str text;
  portico_str html;      /* may be empty */
  portico_str dedup_key; /* a second message with the same key is not stored; may be empty */
} portico_mail_message;

typedef struct portico_mail {
  uint32_t size;
  uint32_t reserved;
  /* [request] [task] Stores the message, sealed, in the transaction (0: in one of its own). The host sends it
     and tries again for a day. errors: 422 mail.bad_address; those of portico_database.run. */
  portico_status (*send)(const portico_host*, portico_handle transaction, const portico_mail_message*,
                         portico_error*);
} portico_mail;

#ifdef __cplusplus
}
#endif
#endif
