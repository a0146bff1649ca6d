// A blocking TLS client for tests that trusts one authority.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/front/tests/raw_client.hpp"
#include "kernel/front/tests/test_certificates.hpp"

namespace kernel::front::test {

/// What a client may speak, and the session it may resume.
class TlsClientSettings {
 public:
  explicit TlsClientSettings(const Identity& authority) : context_(SSL_CTX_new(TLS_client_method())) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), authority.certificate);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_security_level(context_, 0);  // so that it is the server who refuses what is old
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT);
  }
  ~TlsClientSettings() { SSL_CTX_free(context_); }
  TlsClientSettings(const TlsClientSettings&) = delete;
  TlsClientSettings& operator=(const TlsClientSettings&) = delete;

  void speak(int least, int most) {
    SSL_CTX_set_min_proto_version(context_, least);
    SSL_CTX_set_max_proto_version(context_, most);
  }
  void offer_ciphers(const char* list) { SSL_CTX_set_cipher_list(context_, list); }
  void offer_protocols(std::string_view list) {
    SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()));
  }
  SSL_CTX* context() const { return context_; }

 private:
  SSL_CTX* context_;
};

class TlsClient {
 public:
  TlsClient(std::uint16_t port, const TlsClientSettings& settings, SSL_SESSION* resume = nullptr)
      : raw_(port), session_(SSL_new(settings.context())) {
    SSL_set_fd(session_, raw_.descriptor());
    if (resume) SSL_set_session(session_, resume);
    SSL_set1_host(session_, "localhost");
    ERR_clear_error();
    connected_ = SSL_connect(session_) == 1;
  }
  ~TlsClient() {
    if (connected_) SSL_shutdown(session_);
    SSL_free(session_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  SSL* session() const { return session_; }
  std::string server_name() const {
    X509* peer = SSL_get0_peer_certificate(session_);
    char name[64] = {};
    if (peer) X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
    return name;
  }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

  bool send(std::string_view bytes) {
    std::size_t sent = 0;
    return connected_ && SSL_write_ex(session_, bytes.data(), bytes.size(), &sent) == 1 &&
           sent == bytes.size();
  }
  /// The next answer; status 0 when the connection ended instead.
  Answer receive() {
    return read_answer(buffer_, [this] { return fill(); });
  }
  Answer ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }
  /// Has the server said goodbye, with nothing more in between?
  bool at_proper_end() {
    return buffer_.empty() && !fill() && (SSL_get_shutdown(session_) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  bool fill() {
    char bytes[16 * 1024];
    if (!connected_) return false;
    const int got = SSL_read(session_, bytes, sizeof bytes);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  RawClient raw_;
  SSL* session_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace kernel::front::test
