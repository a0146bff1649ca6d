// Names the reasons of OpenSSL that tell a misconfigured client from a scanner; the rest is "other".
#include "kernel/front/tls_counters.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::front {

namespace {

enum class Failure : std::uint8_t {
  timeout,
  closed,
  old_version,
  no_cipher,
  no_protocol,
  not_tls,
  alert,
  broken,
  other
};

constexpr std::array<const char*, 9> kNames = {"timeout", "closed", "old_version", "no_cipher", "no_protocol",
                                               "not_tls", "alert",  "broken",      "other"};

void count(Failure failure) noexcept {
  static const auto counters = [] {
    std::array<observe::Counter*, kNames.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i] = &observe::counter("portico_tls_failures_total", "TLS connections that failed, by reason",
                                 {{"reason", kNames[i]}});
    }
    return all;
  }();
  counters[static_cast<std::size_t>(failure)]->add();
}

Failure failure_of(unsigned long error, bool in_handshake) noexcept {
  if (error == 0) return Failure::closed;  // the socket's own end
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return in_handshake ? Failure::other : Failure::broken;
  const int reason = ERR_GET_REASON(error);
  if (reason >= SSL_AD_REASON_OFFSET) return Failure::alert;
  switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return Failure::closed;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
      return Failure::old_version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
      return Failure::no_cipher;
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return Failure::no_protocol;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
      return Failure::not_tls;
    default:
      return in_handshake ? Failure::other : Failure::broken;
  }
}

}  // namespace

void count_tls_handshake(const SSL& session) noexcept {
  static const auto counters = [] {
    std::array<std::array<observe::Counter*, 2>, 2> all{};
    for (std::size_t version = 0; version < 2; ++version) {
      for (std::size_t resumed = 0; resumed < 2; ++resumed) {
        all[version][resumed] = &observe::counter(
            "portico_tls_handshakes_total", "TLS handshakes that were completed",
            {{"version", version == 0 ? "1.2" : "1.3"}, {"resumed", resumed == 0 ? "false" : "true"}});
      }
    }
    return all;
  }();
  counters[SSL_version(&session) == TLS1_3_VERSION ? 1 : 0][SSL_session_reused(&session) != 0 ? 1 : 0]->add();
}

void count_tls_failure(bool in_handshake) noexcept {
  const unsigned long error = ERR_peek_error();
  const Failure failure = failure_of(error, in_handshake);
  if (!in_handshake && failure == Failure::closed)
    return ERR_clear_error();  // many clients end without goodbye
  count(failure);
  if (observe::level() == observe::Level::debug) {
    const char* reason = ERR_reason_error_string(error);
    observe::log(observe::Level::debug, "front", "a TLS connection failed",
                 {{"why", reason ? reason : "closed"}, {"in_handshake", in_handshake}});
  }
  ERR_clear_error();
}

void count_tls_timeout() noexcept {
  count(Failure::timeout);
}

}  // namespace kernel::front
