// TLS over real sockets: what is spoken, what is refused, and certificates that change.
#include "kernel/front/tls.hpp"

#include <signal.h>

#include <catch2/catch.hpp>
#include <portico/problem.hpp>
#include <thread>

#include "kernel/front/tests/front_fixture.hpp"
#include "kernel/front/tests/tls_client.hpp"
#include "kernel/observe/metrics.hpp"

using namespace kernel::front;
using namespace kernel::front::test;
using namespace std::chrono_literals;

namespace {

FrontSettings tls_settings(const CertificateFolder& folder) {
  ::signal(SIGPIPE, SIG_IGN);  // as the host does: OpenSSL writes without MSG_NOSIGNAL
  FrontSettings settings = quick_settings();
  settings.tls = folder.files();
  return settings;
}

double failures(const char* reason) {
  return kernel::observe::counter("portico_tls_failures_total", "", {{"reason", reason}}).value();
}

std::string code_of(const TlsFiles& files) {
  try {
    const Tls tls(files);
    return "";
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
}

}  // namespace

TEST_CASE("two thousand requests in a row use one TLS connection, by either version") {
  const CertificateFolder folder;
  Server server(tls_settings(folder));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientSettings settings(folder.authority);
    settings.speak(version, version);
    const auto before = server.front.stats().accepted;
    TlsClient client(server.front.port(), settings);
    REQUIRE(client.connected());
    CHECK(SSL_version(client.session()) == version);
    for (int i = 0; i < 2000; ++i) {
      const std::string path = "/n/" + std::to_string(i);
      const Answer answer = client.ask(get(path));
      REQUIRE(answer.status == 200);
      REQUIRE(answer.body == "GET " + path + "|");
    }
    CHECK(server.front.stats().accepted == before + 1);
  }
}

TEST_CASE("large bodies come and go whole, and answers keep their order") {
  const CertificateFolder folder;
  Server server(tls_settings(folder), [](const Head&) -> std::uint64_t { return 16 * 1024 * 1024; });
  const TlsClientSettings settings(folder.authority);
  TlsClient client(server.front.port(), settings);
  std::string body;
  while (body.size() < 4 * 1024 * 1024) body += "line " + std::to_string(body.size()) + '\n';
  const std::string post =
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  CHECK(client.ask(post).body == "POST /echo|" + body);
  client.send(get("/large") + get("/small") + get("/large") + get("/later"));
  CHECK(client.receive().body == std::string(8 * 1024 * 1024, 'L'));
  CHECK(client.receive().body == "GET /small|");
  CHECK(client.receive().body == std::string(8 * 1024 * 1024, 'L'));
  Exchange exchange = server.shelf.take("/later");
  std::thread([&] { exchange.answer(text("from a worker")); }).join();
  CHECK(client.receive().body == "from a worker");
}

TEST_CASE("the end is said properly, after the last answer and to an idle client") {
  const CertificateFolder folder;
  FrontSettings front_settings = tls_settings(folder);
  front_settings.idle_deadline = 100ms;
  Server server(front_settings);
  const TlsClientSettings settings(folder.authority);
  TlsClient closing(server.front.port(), settings);
  CHECK(closing.ask(get("/close")).has("Connection: close\r\n"));
  CHECK(closing.at_proper_end());
  TlsClient idle(server.front.port(), settings);
  CHECK(idle.ask(get("/a")).status == 200);
  CHECK(idle.at_proper_end());
  TlsClient wrong(server.front.port(), settings);
  CHECK(wrong.ask("GET / HTTP/1.1\r\n\r\n").status == 400);
  CHECK(wrong.at_proper_end());
}

TEST_CASE("what is old, weak or not ours is refused in the handshake") {
  const CertificateFolder folder;
  Server server(tls_settings(folder));
  const auto port = server.front.port();
  const auto refused = [&](const char* reason, auto change) {
    INFO(reason);
    const double before = failures(reason);
    TlsClientSettings settings(folder.authority);
    change(settings);
    const TlsClient client(port, settings);
    CHECK_FALSE(client.connected());
    // The metric is written before the alert is sent or in the same turn: a request later it is there.
    TlsClient next(port, TlsClientSettings(folder.authority));
    CHECK(next.ask(get("/next")).status == 200);
    CHECK(failures(reason) == before + 1);
  };
  refused("old_version", [](auto& s) { s.speak(TLS1_1_VERSION, TLS1_1_VERSION); });
  refused("old_version", [](auto& s) { s.speak(TLS1_VERSION, TLS1_VERSION); });
  refused("no_cipher", [](auto& s) {
    s.speak(TLS1_2_VERSION, TLS1_2_VERSION);
    s.offer_ciphers("AES128-GCM-SHA256");  // no forward secrecy
  });
  refused("no_cipher", [](auto& s) {
    s.speak(TLS1_2_VERSION, TLS1_2_VERSION);
    s.offer_ciphers("ECDHE-ECDSA-AES128-SHA256");  // no AEAD
  });
  refused("no_protocol", [](auto& s) { s.offer_protocols("\x02h2"); });

  const double before = failures("not_tls");
  RawClient plain(port);
  CHECK(plain.ask(get("/plain")).status == 0);
  CHECK(failures("not_tls") == before + 1);

  TlsClientSettings both(folder.authority);
  both.offer_protocols("\x02h2\x08http/1.1");
  CHECK(TlsClient(port, both).protocol() == "http/1.1");
}

TEST_CASE("renegotiation is refused and compression is not offered") {
  const CertificateFolder folder;
  Server server(tls_settings(folder));
  TlsClientSettings settings(folder.authority);
  settings.speak(TLS1_2_VERSION, TLS1_2_VERSION);
  TlsClient client(server.front.port(), settings);
  CHECK(client.ask(get("/a")).status == 200);
  CHECK(SSL_get_current_compression(client.session()) == nullptr);
  SSL_renegotiate(client.session());
  CHECK(SSL_do_handshake(client.session()) != 1);
}

TEST_CASE("a session is resumed by its ticket, also by 1.3") {
  const CertificateFolder folder;
  Server server(tls_settings(folder));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientSettings settings(folder.authority);
    settings.speak(version, version);
    SSL_SESSION* ticket = nullptr;
    {
      TlsClient first(server.front.port(), settings);
      CHECK(first.ask(get("/a")).status == 200);  // by 1.3 the ticket comes after the handshake
      ticket = SSL_get1_session(first.session());
    }
    TlsClient second(server.front.port(), settings, ticket);
    CHECK(SSL_session_reused(second.session()) == 1);
    CHECK(second.ask(get("/b")).status == 200);
    SSL_SESSION_free(ticket);
  }
}

TEST_CASE("a pair that cannot be used is refused with its reason") {
  const CertificateFolder folder;
  const Identity one("one", &folder.authority);
  const Identity other("other", &folder.authority);
  const auto code = [&](const std::string& certificate, const std::string& key, mode_t mode = 0600) {
    folder.write("certificate.pem", certificate);
    folder.write("key.pem", key, mode);
    return code_of(folder.files());
  };
  CHECK(code(one.certificate_pem(), one.key_pem()).empty());
  CHECK(code(one.certificate_pem(), one.key_pem(), 0640).empty());
  CHECK(code(one.certificate_pem(), one.key_pem(), 0644) == "tls.exposed_key");
  CHECK(code(one.certificate_pem(), one.key_pem(), 0660) == "tls.exposed_key");
  CHECK(code(one.certificate_pem(), other.key_pem()) == "tls.unusable_key");
  CHECK(code(one.certificate_pem(), one.key_pem("a passphrase")) == "tls.unusable_key");
  CHECK(code(one.certificate_pem(), "nonsense") == "tls.unusable_key");
  CHECK(code("nonsense", one.key_pem()) == "tls.unusable_certificate");
  CHECK(code("", one.key_pem()) == "tls.unusable_certificate");
  CHECK(code(one.certificate_pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
             one.key_pem()) == "tls.unusable_certificate");
  CHECK(code(one.certificate_pem(), one.key_pem()).empty());
  CHECK(code_of({folder.files().certificate, "/nowhere/key.pem"}) == "tls.unusable_key");
  CHECK(code_of({folder.files().key.parent_path(), folder.files().key}) == "tls.unusable_certificate");
}

TEST_CASE("a new certificate is for new connections; a bad one changes nothing") {
  const CertificateFolder folder;
  Server server(tls_settings(folder));
  Tls& tls = *server.front.tls();
  const TlsClientSettings settings(folder.authority);
  TlsClient old(server.front.port(), settings);
  CHECK(old.server_name() == "first");
  CHECK_FALSE(tls.is_reload_due());

  folder.put(Identity("second", &folder.authority));
  CHECK(tls.is_reload_due());
  tls.reload();
  CHECK_FALSE(tls.is_reload_due());
  CHECK(TlsClient(server.front.port(), settings).server_name() == "second");
  CHECK(old.ask(get("/still")).body == "GET /still|");

  folder.write("certificate.pem", Identity("third", &folder.authority).certificate_pem());
  CHECK(tls.is_reload_due());
  CHECK_THROWS_AS(tls.reload(), portico::Problem);
  CHECK_FALSE(tls.is_reload_due());  // told once, not every few seconds
  CHECK(TlsClient(server.front.port(), settings).server_name() == "second");

  folder.put(Identity("expired", &folder.authority, -1));
  CHECK_THROWS_AS(tls.reload(), portico::Problem);
  std::filesystem::remove(folder.files().key);
  CHECK_THROWS_AS(tls.reload(), portico::Problem);
  CHECK(TlsClient(server.front.port(), settings).server_name() == "second");
  CHECK(tls.valid_until() > Tls::Clock::now());
}

TEST_CASE("certificates change under load and no request fails") {
  const CertificateFolder folder;
  Server server(tls_settings(folder));
  std::atomic<bool> stop{false};
  std::atomic<int> right{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 3; ++c) {
    clients.emplace_back([&] {
      const TlsClientSettings settings(folder.authority);
      while (!stop) {
        TlsClient client(server.front.port(), settings);
        for (int i = 0; i < 5; ++i) (client.ask(get("/x")).body == "GET /x|" ? right : wrong)++;
      }
    });
  }
  for (int i = 0; i < 30; ++i) {
    folder.put(Identity("round " + std::to_string(i), &folder.authority));
    server.front.tls()->reload();
    for (const int goal = right + 10; right < goal && wrong == 0;) std::this_thread::yield();
  }
  stop = true;
  for (auto& client : clients) client.join();
  CHECK(wrong == 0);
  CHECK(right >= 300);
}
