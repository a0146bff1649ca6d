/* Random bytes, digests, and personal data sealed at rest. */
#ifndef PORTICO_ABI_CRYPTO_H
#define PORTICO_ABI_CRYPTO_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_CRYPTO "portico.crypto/1"

typedef struct portico_crypto {
  uint32_t size;
  uint32_t reserved;
  /* [any] count random bytes into out. */
  portico_status (*random)(const portico_host*, uint8_t* out, uint64_t count);
  /* [any] 32 bytes into out. */
  portico_status (*sha256)(const portico_host*, portico_str data, uint8_t* out);
  portico_status (*hmac_sha256)(const portico_host*, portico_str key, portico_str data, uint8_t* out);
  /* [any] AES-256-GCM under the host's current seal key; context must be the same to open.
     errors of open: 500 crypto.cannot_open. */
  portico_status (*seal)(const portico_host*, portico_str plain, portico_str context, portico_buffer* out,
                         portico_error*);
  portico_status (*open)(const portico_host*, portico_str sealed, portico_str context, portico_buffer* out,
                         portico_error*);
} portico_crypto;

#ifdef __cplusplus
}
#endif
#endif
