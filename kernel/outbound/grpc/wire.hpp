// What the host asks of gRPC, in words of its own: the library stands behind this in a file that is loaded
// when the first channel is used.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kernel::outbound::rpc {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct WireSettings {
  std::string address;  // host:port
  bool tls = true;
  std::string ca;  // PEM; empty: the system's
  std::chrono::milliseconds connect_timeout{3'000};
  std::size_t message_limit = 4u << 20;  // bytes of one message, either way
  std::size_t metadata_limit = 16u << 10;
  std::chrono::milliseconds keep_alive{0};  // a ping after so long without a byte; 0: none
  std::chrono::milliseconds keep_alive_wait{10'000};
  std::chrono::milliseconds longest_backoff{5'000};  // between attempts to connect
};

/// How a call or stream ended.
struct WireStatus {
  int code = 0;  // gRPC's
  std::string text;
  Fields trailers;  // as they came; empty where the status is of the library's own making
};

/// What happens to a stream. Called on gRPC's threads, reads beside writes; must neither block nor throw.
class WireReader {
 public:
  virtual void on_connected() noexcept = 0;                    // the server took the stream
  virtual void on_message(std::string bytes) noexcept = 0;     // read_next() asks for another
  virtual void on_written(bool taken) noexcept = 0;            // of the last write
  virtual void on_end(const WireStatus& status) noexcept = 0;  // the last call

 protected:
  ~WireReader() = default;
};

/// A stream in both directions. One write and one read at a time.
class WireStream {
 public:
  virtual ~WireStream() = default;
  virtual void write(const std::string& bytes) = 0;
  virtual void read_next() = 0;
  virtual void finish() = 0;  // nothing more is written; not while a write is under way
  virtual void cancel() noexcept = 0;
};

/// A call under way: ends early by cancel().
class WireCall {
 public:
  virtual ~WireCall() = default;
  virtual void cancel() noexcept = 0;
};

/// Connections to one address. Its end cancels nothing: what is open keeps it.
class WireChannel {
 public:
  virtual ~WireChannel() = default;

  using Done = std::function<void(WireStatus, std::string message)>;
  /// done runs once on one of gRPC's threads.
  virtual std::shared_ptr<WireCall> call(const std::string& method, const Fields& metadata,
                                         const std::string& message,
                                         std::chrono::system_clock::time_point deadline, Done done) = 0;

  /// reader: told of everything until its on_end; the first message is asked for.
  virtual std::shared_ptr<WireStream> open(const std::string& method, const Fields& metadata,
                                           std::shared_ptr<WireReader> reader) = 0;
};

class Wire {
 public:
  virtual ~Wire() = default;
  virtual std::unique_ptr<WireChannel> connect(const WireSettings& settings) = 0;
};

/// The library's one door, "portico_grpc_wire_1": the same object at each call.
using WireEntry = Wire* (*)();

}  // namespace kernel::outbound::rpc
