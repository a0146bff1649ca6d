// TLS clients that stall, vanish or come in numbers.
#include <signal.h>

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "kernel/front/tests/front_fixture.hpp"
#include "kernel/front/tests/tls_client.hpp"
#include "kernel/observe/metrics.hpp"

using namespace kernel::front;
using namespace kernel::front::test;
using namespace std::chrono_literals;

namespace {

FrontSettings tls_settings(const CertificateFolder& folder) {
  ::signal(SIGPIPE, SIG_IGN);
  FrontSettings settings = quick_settings();
  settings.tls = folder.files();
  return settings;
}

/// A client whose bytes a test carries to and fro.
class MemoryClient {
 public:
  explicit MemoryClient(const TlsClientSettings& settings)
      : session_(SSL_new(settings.context())), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
    SSL_set_bio(session_, in_, out_);
    SSL_set_connect_state(session_);
    give("");
  }
  ~MemoryClient() { SSL_free(session_); }
  MemoryClient(const MemoryClient&) = delete;
  MemoryClient& operator=(const MemoryClient&) = delete;

  /// What it has to say now.
  std::string take() {
    std::string bytes(BIO_ctrl_pending(out_), '\0');
    if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  void give(std::string_view bytes) {
    if (!bytes.empty()) BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    done_ = SSL_do_handshake(session_) == 1;
    ERR_clear_error();
  }
  bool done() const { return done_; }

 private:
  SSL* session_;
  BIO* in_;
  BIO* out_;
  bool done_ = false;
};

/// Plays a handshake of which the server gets at most that many bytes, then the end. Was it complete before?
bool handshake_cut_at(std::size_t most, std::uint16_t port, const TlsClientSettings& settings) {
  MemoryClient client(settings);
  RawClient raw(port);
  for (std::size_t sent = 0;;) {
    const std::string bytes = client.take();
    const auto part = std::string_view(bytes).substr(0, most - sent);
    raw.send(part);
    sent += part.size();
    if (part.size() < bytes.size()) return false;
    if (client.done()) return true;
    client.give(raw.receive_some());
  }
}

template <class Condition>
bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

double failures(const char* reason) {
  return kernel::observe::counter("portico_tls_failures_total", "", {{"reason", reason}}).value();
}

}  // namespace

TEST_CASE("a handshake cut at any byte leaves nothing behind and disturbs nobody") {
  const CertificateFolder folder;
  Server server(tls_settings(folder));
  const auto port = server.front.port();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientSettings settings(folder.authority);
    settings.speak(version, version);
    const double before = failures("closed");
    std::size_t cuts = 0;
    while (!handshake_cut_at(cuts, port, settings)) ++cuts;
    CHECK(cuts > 250);
    CHECK(eventually([&] { return server.front.stats().connections == 0; }));
    CHECK(failures("closed") > before);
  }
  CHECK(server.front.stats().requests == 0);
  const TlsClientSettings settings(folder.authority);
  CHECK(TlsClient(port, settings).ask(get("/after")).status == 200);
}

TEST_CASE("a handshake that comes byte by byte is as good as one in a piece") {
  const CertificateFolder folder;
  Server server(tls_settings(folder));
  const TlsClientSettings settings(folder.authority);
  MemoryClient client(settings);
  RawClient raw(server.front.port());
  while (!client.done()) {
    for (const char byte : client.take()) raw.send({&byte, 1});
    client.give(raw.receive_some());
  }
  for (const char byte : client.take()) raw.send({&byte, 1});
  auto& complete = kernel::observe::counter("portico_tls_handshakes_total", "",
                                            {{"version", "1.3"}, {"resumed", "false"}});
  CHECK(eventually([&, before = 0.0] { return complete.value() > before; }));
  CHECK(server.front.stats().connections == 1);
}

TEST_CASE("a handshake has the time of a head, however lively it drips") {
  const CertificateFolder folder;
  FrontSettings front_settings = tls_settings(folder);
  front_settings.head_deadline = 200ms;
  Server server(front_settings);
  const double before = failures("timeout");
  RawClient silent(server.front.port());
  CHECK(silent.at_end());
  const TlsClientSettings settings(folder.authority);
  MemoryClient client(settings);
  const std::string hello = client.take();
  RawClient dripping(server.front.port());
  dripping.send(std::string_view(hello).substr(0, hello.size() / 2));
  CHECK(dripping.at_end());
  CHECK(failures("timeout") == before + 2);
}

TEST_CASE("who has shaken hands may be idle for longer than a handshake may take") {
  const CertificateFolder folder;
  FrontSettings front_settings = tls_settings(folder);
  front_settings.head_deadline = 100ms;
  front_settings.idle_deadline = 20s;
  Server server(front_settings);
  const TlsClientSettings settings(folder.authority);
  TlsClient patient(server.front.port(), settings);
  RawClient silent(server.front.port());
  CHECK(silent.at_end());  // by now the patient one is older than that, too
  CHECK(patient.ask(get("/a")).status == 200);
}

TEST_CASE("over TLS, connections beyond the limit are closed without a word, and counted") {
  const CertificateFolder folder;
  FrontSettings front_settings = tls_settings(folder);
  front_settings.max_connections_per_address = 2;
  Server server(front_settings);
  const TlsClientSettings settings(folder.authority);
  TlsClient first(server.front.port(), settings);
  auto second = std::make_unique<TlsClient>(server.front.port(), settings);
  CHECK(first.ask(get("/1")).status == 200);
  CHECK(second->ask(get("/2")).status == 200);
  CHECK_FALSE(TlsClient(server.front.port(), settings).connected());
  CHECK(eventually([&] { return server.front.stats().refused == 1; }));
  second.reset();
  CHECK(eventually([&] { return TlsClient(server.front.port(), settings).connected(); }));
  CHECK(first.ask(get("/3")).status == 200);
}

TEST_CASE("a TLS client that reads nothing is cut off") {
  const CertificateFolder folder;
  FrontSettings front_settings = tls_settings(folder);
  front_settings.send_grace = 100ms;
  Server server(front_settings);
  const TlsClientSettings settings(folder.authority);
  TlsClient slow(server.front.port(), settings);
  slow.send(get("/large"));
  CHECK(eventually([&] { return server.front.stats().requests == 1; }));
  CHECK(eventually([&] { return server.front.stats().connections == 0; }));
  CHECK(server.front.stats().bytes_out < 8 * 1024 * 1024);
}
