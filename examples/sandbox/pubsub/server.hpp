// gRPC as far as the bus needs it: calls come in as bytes and go out as bytes. The only place that knows the
// library.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "examples/sandbox/pubsub/tls.hpp"

namespace sandbox::pubsub {

/// How a call ends.
struct End {
  int status = 0;  // of gRPC
  std::string message;
  std::vector<std::pair<std::string, std::string>> trailers;
  bool reset = false;  // the stream is torn off instead
};

/// A call as it came in.
struct Incoming {
  std::string method;                           // "/eventbus.v1.PubSub/GetTopic"
  std::map<std::string, std::string> metadata;  // lower-case names
};

/// The way back of one call. Any thread, any time; after the call's end both do nothing. Neither calls the
/// handler before it returns.
class Wire {
 public:
  virtual ~Wire() = default;
  virtual void send(std::string message) = 0;
  /// Ends the call when everything sent before is out.
  virtual void finish(End end) = 0;
};

/// What becomes of one call. Told by threads of the library, of messages one after the other.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void received(const std::string& message) = 0;
  /// The caller sends no more, or is gone: finish() is expected.
  virtual void half_closed() = 0;
  /// Everything sent so far is out.
  virtual void sent() = 0;
  /// The call is over; the last that is told.
  virtual void gone() = 0;
};

/// The handler of a call; it may use the wire at once.
using Accept = std::function<std::shared_ptr<Handler>(const Incoming&, std::shared_ptr<Wire>)>;

/// Serves from construction until stop().
class Server {
 public:
  /// port 0 takes a free one. errors: std::runtime_error if the port is taken or the certificate is none.
  Server(const std::string& address, std::uint16_t port, const Certificate& certificate, Accept accept);
  ~Server();

  std::uint16_t port() const { return port_; }
  /// Ends every call and waits for the handlers; repeating is harmless.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::uint16_t port_ = 0;
};

}  // namespace sandbox::pubsub
