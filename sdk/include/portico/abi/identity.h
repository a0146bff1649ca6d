/* Who is calling: one plugin answers, the host remembers for a moment. */
#ifndef PORTICO_ABI_IDENTITY_H
#define PORTICO_ABI_IDENTITY_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_IDENTITY "portico.identity/1"

/* Filled by the provider; texts end with NUL. */
typedef struct portico_identity {
  uint32_t size;
  uint32_t reserved;
  char user_id[64];
  char session_id[64];
  char roles[256];   /* comma separated */
  char language[16]; /* of the user's profile; may be empty */
  int64_t proved_at_us;
  int64_t valid_until_us; /* the host asks again after this at the latest */
} portico_identity;

/* PORTICO_OK: known. PORTICO_E_NOT_FOUND: no credential, so nobody. PORTICO_E_PROBLEM: a credential that is
 * not good. */
typedef portico_status (*portico_authenticate_fn)(void* user, portico_str credential, portico_identity* out,
                                                  portico_error* error);

typedef struct portico_identity_ext {
  uint32_t size;
  uint32_t reserved;
  /* [control] Becomes the authenticator; one plugin only. cookie is the cookie's base name: the host adds the
     prefix or suffix that its address asks for, here and in cookie_name(). */
  portico_status (*provide)(const portico_host*, portico_str cookie, portico_authenticate_fn fn, void* user,
                            portico_error*);
  /* [any] Forgets what was remembered of a session, on all replicas. */
  portico_status (*revoke)(const portico_host*, portico_str session_id);
  /* [any] A Set-Cookie value: HttpOnly, SameSite=Lax, Path=/, Secure and __Host- outside loopback
     development. max_age_s 0 removes the cookie. out is leased. */
  portico_status (*cookie_header)(const portico_host*, portico_str base_name, portico_str value,
                                  int64_t max_age_s, portico_buffer* out);
  /* [request] Value of such a cookie in the request. */
  portico_status (*cookie_value)(const portico_host*, portico_handle exchange, portico_str base_name,
                                 portico_str* out);
} portico_identity_ext;

#ifdef __cplusplus
}
#endif
#endif
