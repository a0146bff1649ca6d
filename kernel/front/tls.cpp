// Reads certificate and key, and sets up OpenSSL contexts from them.
#include "kernel/front/tls.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <portico/problem.hpp>
#include <string_view>
#include <system_error>

#include "kernel/observe/metrics.hpp"

namespace kernel::front {

namespace {

using portico::Problem;

constexpr std::size_t kMaxPemFile = 256 * 1024;  // bytes
constexpr long kSessionSeconds = 2 * 60 * 60;
// Whoever learns a ticket key can read the TLS 1.2 sessions resumed by it: no key lives longer than this.
constexpr auto kTicketKeysLive = std::chrono::hours(12);
constexpr const char* kCiphersOf12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kCiphersOf13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr std::string_view kProtocol = "\x08http/1.1";  // as ALPN writes it: a length, then the name

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const noexcept {
    free(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

std::string last_error() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? reason : "OpenSSL gives no reason";
}

enum class Privacy { open, secret };

/// Looked at and read through one descriptor: nobody can put another file there in between.
std::string read_pem(const std::filesystem::path& file, Privacy privacy, const char* code) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    throw Problem(500, code, fmt::format("{}: {}", file.string(), std::generic_category().message(errno)));
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } const closer{descriptor};
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode))
    throw Problem(500, code, fmt::format("{}: not a file", file.string()));
  if (privacy == Privacy::secret && (facts.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
    throw Problem(500, "tls.exposed_key",
                  fmt::format("{}: its mode is {:04o}; others must not read or change it: chmod 0640 or 0600",
                              file.string(), facts.st_mode & 07777));
  }
  std::string text(kMaxPemFile + 1, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < text.size(); size += static_cast<std::size_t>(got)) {
    got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0)
      throw Problem(500, code, fmt::format("{}: {}", file.string(), std::generic_category().message(errno)));
  }
  if (size > kMaxPemFile) throw Problem(500, code, fmt::format("{}: too large", file.string()));
  text.resize(size);
  return text;
}

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key with a passphrase is an error, not a question at the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Tls::Clock::time_point end_of(const X509& certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) != 1) return {};
  return Tls::Clock::from_time_t(::timegm(&end));
}

Tls::Clock::time_point use_certificates(SSL_CTX* context, const std::filesystem::path& file) {
  constexpr const char* kCode = "tls.unusable_certificate";
  const auto refuse = [&](const std::string& why) { throw Problem(500, kCode, file.string() + ": " + why); };
  const std::string text = read_pem(file, Privacy::open, kCode);
  const Bio bio = bio_of(text);
  const Certificate own(PEM_read_bio_X509_AUX(bio.get(), nullptr, no_passphrase, nullptr));
  if (!own) refuse("holds no certificate in PEM: " + last_error());
  if (SSL_CTX_use_certificate(context, own.get()) != 1) refuse(last_error());
  for (;;) {
    Certificate next(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) refuse(last_error());
    static_cast<void>(next.release());  // the context has it now
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) refuse("a broken chain: " + last_error());
  ERR_clear_error();
  return end_of(*own);
}

void use_key(SSL_CTX* context, const TlsFiles& files) {
  constexpr const char* kCode = "tls.unusable_key";
  std::string text = read_pem(files.key, Privacy::secret, kCode);
  const Bio bio = bio_of(text);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  OPENSSL_cleanse(text.data(), text.size());
  if (!key) {
    throw Problem(500, kCode,
                  files.key.string() + ": holds no key in PEM without a passphrase: " + last_error());
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    throw Problem(500, kCode,
                  fmt::format("{} is not the key of {}: {}", files.key.string(), files.certificate.string(),
                              last_error()));
  }
}

/// A client that names protocols gets http/1.1 or, where it does not name that, an alert (RFC 7301 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(kProtocol.data());
  if (SSL_select_next_proto(&found, size, ours, static_cast<unsigned>(kProtocol.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_security_level(context, 2);  // no RSA below 2048 bits, no SHA-1 in signatures
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // Tickets carry the session; nothing is kept here. One is enough, clients use it once.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_timeout(context, kSessionSeconds);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context, kCiphersOf12) != 1 ||
      SSL_CTX_set_ciphersuites(context, kCiphersOf13) != 1 || SSL_CTX_set1_groups_list(context, kGroups) != 1)
    throw Problem(500, "tls.unusable_certificate",
                  "this OpenSSL lacks what the portal needs: " + last_error());
}

void publish_end(Tls::Clock::time_point end) {
  static observe::Gauge& gauge = observe::gauge("portico_tls_certificate_expires_timestamp_seconds",
                                                "When the certificate in use ends, in seconds since 1970");
  gauge.set(static_cast<double>(Tls::Clock::to_time_t(end)));
}

}  // namespace

void Tls::FreeContext::operator()(SSL_CTX* context) const noexcept {
  SSL_CTX_free(context);
}

Tls::Tls(TlsFiles files)
    : files_(std::move(files)),
      loaded_(load(files_)),
      tried_(stamp()),
      loaded_at_(std::chrono::steady_clock::now()) {
  publish_end(loaded_.valid_until);
}

Tls::~Tls() = default;

Tls::Loaded Tls::load(const TlsFiles& files) {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) throw Problem(500, "tls.unusable_certificate", last_error());
  set_rules(context.get());
  const auto valid_until = use_certificates(context.get(), files.certificate);
  use_key(context.get(), files);
  return {std::move(context), valid_until};
}

void Tls::reload() {
  const Stamp now = stamp();  // before reading: a file that changes meanwhile is tried again
  {
    const std::lock_guard lock(mutex_);
    tried_ = now;
  }
  Loaded fresh = load(files_);
  if (fresh.valid_until <= Clock::now()) {
    throw Problem(500, "tls.unusable_certificate", files_.certificate.string() + ": has expired");
  }
  publish_end(fresh.valid_until);
  const std::lock_guard lock(mutex_);
  std::swap(loaded_, fresh);
  loaded_at_ = std::chrono::steady_clock::now();
}

bool Tls::is_reload_due() const {
  const Stamp now = stamp();
  const std::lock_guard lock(mutex_);
  return now != tried_ || std::chrono::steady_clock::now() - loaded_at_ >= kTicketKeysLive;
}

Tls::Clock::time_point Tls::valid_until() const {
  const std::lock_guard lock(mutex_);
  return loaded_.valid_until;
}

Tls::Stamp Tls::stamp() const noexcept {
  std::error_code ignored;  // a file that is missing has the least time
  return {std::filesystem::last_write_time(files_.certificate, ignored),
          std::filesystem::last_write_time(files_.key, ignored)};
}

SSL* Tls::new_session(int descriptor) noexcept {
  SSL* session = nullptr;
  {
    const std::lock_guard lock(mutex_);
    session = SSL_new(loaded_.context.get());
  }
  if (session == nullptr) return nullptr;
  if (SSL_set_fd(session, descriptor) != 1) {
    SSL_free(session);
    return nullptr;
  }
  SSL_set_accept_state(session);
  return session;
}

}  // namespace kernel::front
