// What happens in TLS handshakes, as metrics: a scanner's noise belongs there and not into the log.
#pragma once

#include <openssl/types.h>

namespace kernel::front {

/// portico_tls_handshakes_total{version,resumed}
void count_tls_handshake(const SSL& session) noexcept;

/// portico_tls_failures_total{reason}, from the thread's OpenSSL error queue (which it empties).
void count_tls_failure(bool in_handshake) noexcept;

/// portico_tls_failures_total{reason="timeout"}
void count_tls_timeout() noexcept;

}  // namespace kernel::front
