// Certificates: who is believed, and what a refusal looks like. The server's certificate is for "localhost"
// only.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "kernel/outbound/smtp.hpp"
#include "kernel/outbound/tests/call_support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::test;

namespace {

template <class Type, void (*Free)(Type*)>
struct Freed {
  void operator()(Type* p) const noexcept { Free(p); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using TlsContext = std::unique_ptr<SSL_CTX, Freed<SSL_CTX, SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Freed<SSL, SSL_free>>;

/// A self-signed certificate for localhost, made anew for each run, and a file that holds it.
class Identity {
 public:
  Identity() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    X509* const c = certificate_.get();
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), 3600);
    X509_set_pubkey(c, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(c));
    add_extension(NID_subject_alt_name, "DNS:localhost");
    add_extension(NID_basic_constraints, "critical,CA:TRUE");
    if (X509_sign(c, key_.get(), EVP_sha256()) == 0) throw std::runtime_error("cannot sign");
    std::string pattern = std::filesystem::temp_directory_path() / "portico-test-ca-XXXXXX";
    const int file = ::mkstemp(pattern.data());
    FILE* const out = ::fdopen(file, "w");
    PEM_write_X509(out, c);
    std::fclose(out);
    path_ = pattern;

    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context_.get(), c);
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
  }
  ~Identity() { std::filesystem::remove(path_); }

  const std::string& path() const noexcept { return path_; }
  SSL_CTX* context() const noexcept { return context_.get(); }

 private:
  void add_extension(int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate_.get(), certificate_.get(), nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  Key key_;
  Certificate certificate_;
  TlsContext context_;
  std::string path_;
};

/// The server's end of a TLS connection. A shutdown of its socket ends every wait.
class TlsEnd {
 public:
  TlsEnd(SSL_CTX* context, int socket) : tls_(SSL_new(context)) {
    SSL_set_fd(tls_.get(), socket);
    up_ = SSL_accept(tls_.get()) == 1;
    ERR_clear_error();
  }
  bool up() const noexcept { return up_; }
  std::string read_until(const std::string& mark) {
    std::size_t at;
    while ((at = received_.find(mark)) == std::string::npos) {
      char part[4096];
      const int n = SSL_read(tls_.get(), part, sizeof part);
      ERR_clear_error();
      if (n <= 0) return {};
      received_.append(part, static_cast<std::size_t>(n));
    }
    std::string text = received_.substr(0, at + mark.size());
    received_.erase(0, at + mark.size());
    return text;
  }
  void send(const std::string& bytes) {
    SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
    ERR_clear_error();
  }

 private:
  Tls tls_;
  bool up_ = false;
  std::string received_;
};

/// Speaks HTTP to one connection.
ScriptedServer::Script tls_http(const Identity& identity, std::string bytes) {
  return [&identity, bytes](Connection& c) {
    TlsEnd end(identity.context(), c.socket());
    if (end.up() && !end.read_until("\r\n\r\n").empty()) end.send(bytes);
  };
}

/// Takes one mail, after STARTTLS or from the first byte.
void take_mail(TlsEnd& end) {
  for (std::string line; !(line = end.read_until("\r\n")).empty();) {
    const bool data = line.starts_with("DATA");
    end.send(line.starts_with("QUIT") ? "221 bye\r\n" : data ? "354 go on\r\n" : "250 ok\r\n");
    if (data) {
      end.read_until("\r\n.\r\n");
      end.send("250 taken\r\n");
    }
  }
}

MailResult send_mail(const ScriptedServer& server, const std::string& host, SmtpSettings::Security security,
                     const std::string& ca_file) {
  SmtpSettings settings;
  settings.host = host;
  settings.port = server.port();
  settings.security = security;
  settings.ca_file = ca_file;
  settings.timeout = std::chrono::milliseconds(3000);
  Mail mail;
  mail.from = "portal@example.test";
  mail.to = "reader@example.test";
  mail.subject = "Hello";
  mail.text = "Hi";
  mail.message_id = "1@example.test";
  return SmtpSender(settings).send(mail);
}

}  // namespace

TEST_CASE("a certificate is believed only from the named authority and for the named host") {
  const Identity identity;
  ScriptedServer server(tls_http(identity, reply(200)));
  struct Row {
    const char* rule;
    const char* host;
    bool known_authority;
    bool verify;
    const char* code;
  };
  Outbound outbound;
  for (const Row& row : {Row{"known authority, right name", "localhost", true, true, ""},
                         Row{"unknown authority", "localhost", false, true, "upstream.tls"},
                         Row{"known authority, wrong name", "127.0.0.1", true, true, "upstream.tls"},
                         Row{"not verified", "127.0.0.1", false, false, ""}}) {
    INFO(row.rule);
    UpstreamSettings settings = upstream_at(server);
    settings.base_url = std::string("https://") + row.host + ":" + std::to_string(server.port());
    settings.ca_file = row.known_authority ? identity.path() : "";
    settings.verify_tls = row.verify;
    outbound.add(settings);
    const Result result = result_of(outbound, read_of());
    CHECK(code_of(result) == row.code);
    if (const auto* problem = std::get_if<CallProblem>(&result)) CHECK(!problem->may_have_been_sent);
  }
}

TEST_CASE("a reply over TLS that is cut off is an error too") {
  const Identity identity;
  ScriptedServer server(tls_http(identity, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhello"));
  Outbound outbound;
  UpstreamSettings settings = upstream_at(server);
  settings.base_url = "https://localhost:" + std::to_string(server.port());
  settings.ca_file = identity.path();
  outbound.add(settings);
  CHECK(code_of(result_of(outbound, write_of())) == "upstream.unavailable");
}

TEST_CASE("an upstream that does not speak TLS is an error") {
  ScriptedServer server(answering([](const std::string&) { return reply(200); }));
  Outbound outbound;
  UpstreamSettings settings = upstream_at(server);
  settings.base_url = "https://localhost:" + std::to_string(server.port());
  settings.timeout =
      std::chrono::milliseconds(500);  // the server waits for the end of a request it cannot read
  outbound.add(settings);
  CHECK(code_of(result_of(outbound, write_of())) == "upstream.unavailable");
}

TEST_CASE("mail goes over TLS from the first byte, or after STARTTLS, to a server that proves its name") {
  const Identity identity;
  ScriptedServer smtps([&](Connection& c) {
    TlsEnd end(identity.context(), c.socket());
    if (!end.up()) return;
    end.send("220 mail\r\n");
    take_mail(end);
  });
  ScriptedServer starttls([&](Connection& c) {
    c.send("220 mail\r\n");
    c.read_line();
    c.send("250-mail\r\n250 STARTTLS\r\n");
    if (c.read_line() != "STARTTLS") return;
    c.send("220 go on\r\n");
    TlsEnd end(identity.context(), c.socket());
    if (end.up()) take_mail(end);
  });
  ScriptedServer without([&](Connection& c) {
    c.send("220 mail\r\n");
    for (std::string line; !(line = c.read_line()).empty();) {
      c.send(line == "STARTTLS" ? "502 unknown\r\n" : "250 ok\r\n");
    }
  });
  using Security = SmtpSettings::Security;
  for (const auto& [server, security] :
       {std::pair{&smtps, Security::tls}, std::pair{&starttls, Security::starttls}}) {
    const MailResult good = send_mail(*server, "localhost", security, identity.path());
    INFO(good.detail);
    CHECK(good.outcome == MailOutcome::sent);
    CHECK(send_mail(*server, "localhost", security, "").outcome == MailOutcome::temporary);
    CHECK(send_mail(*server, "127.0.0.1", security, identity.path()).outcome == MailOutcome::temporary);
  }
  CHECK(send_mail(without, "localhost", Security::starttls, identity.path()).outcome ==
        MailOutcome::temporary);
}
