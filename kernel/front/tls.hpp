// The portal's certificate and the rules of its TLS: 1.2 with ECDHE and AEAD only, and 1.3.
#pragma once

#include <openssl/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace kernel::front {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM: the server's certificate, then the chain
  std::filesystem::path key;          // PEM without a passphrase; nobody but owner and group may read it
};

/// Hands a session to every new connection. The pair can be exchanged while connections are open: they keep
/// the one they began with.
class Tls {
 public:
  using Clock = std::chrono::system_clock;

  /// errors    500 tls.unusable_certificate, tls.unusable_key, tls.exposed_key
  explicit Tls(TlsFiles files);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  /// Reads both files again. A pair that cannot be used, or has expired, changes nothing.
  /// errors    those of the constructor
  void reload();

  /// Have the files changed since they were last tried, or are the keys of session tickets due for new ones?
  bool is_reload_due() const;

  /// When the certificate in use ends.
  Clock::time_point valid_until() const;

  /// A server's session on a non-blocking socket; the caller frees it. Null when memory is short.
  SSL* new_session(int descriptor) noexcept;

 private:
  struct Stamp {  // tells one version of the two files from another
    std::filesystem::file_time_type certificate, key;
    bool operator==(const Stamp&) const = default;
  };
  struct FreeContext {
    void operator()(SSL_CTX* context) const noexcept;
  };
  using Context = std::unique_ptr<SSL_CTX, FreeContext>;
  struct Loaded {
    Context context;
    Clock::time_point valid_until;
  };
  static Loaded load(const TlsFiles& files);
  Stamp stamp() const noexcept;

  const TlsFiles files_;
  mutable std::mutex mutex_;  // taken once per connection
  Loaded loaded_;
  Stamp tried_;
  std::chrono::steady_clock::time_point loaded_at_;
};

}  // namespace kernel::front
