// A real gRPC server in the test's process: what it does is in the method's name.
#pragma once

#include <atomic>
#include <memory>
#include <string>

namespace kernel::outbound::rpc::test {

/// A self-signed certificate for localhost, as PEM texts; the certificate is its own authority.
struct Identity {
  Identity();
  std::string key, certificate;
};

/// | Method | What it does |
/// |---|---|
/// | /test.Echo/Unary | gives the message back, with the trailer rpc-id |
/// | /test.Echo/Who | gives back the metadata "accesstoken" |
/// | /test.Echo/Slow | nothing |
/// | /test.Echo/Big | a message of 5 MB |
/// | /test.Echo/Refuse | UNAUTHENTICATED, with the trailer error-code |
/// | /test.Echo/Flaky | UNAVAILABLE as often as `flaky` says, then as Unary |
/// | /test.Echo/Stream | gives each message back; "end" ends with OK, "refuse" with INVALID_ARGUMENT |
/// | /test.Echo/Flood | 200 messages of 100 KB after the first one |
/// | /test.Echo/Deaf | reads nothing |
class ScriptedServer {
 public:
  explicit ScriptedServer(const Identity* identity = nullptr);
  ~ScriptedServer();

  std::string url() const;
  int port() const { return port_; }
  /// Cuts every call off and stops listening.
  void cut();

  std::atomic<int> flaky{0};
  std::atomic<int> calls{0};
  std::atomic<int> flooded{0};    // messages that went out of Flood
  std::atomic<int> cancelled{0};  // calls whose client went away

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  bool tls_;
  int port_ = 0;
};

}  // namespace kernel::outbound::rpc::test
