// A raw-socket server for tests: each connection runs a script that may answer, lie, stall or hang up.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kernel::outbound::test {

class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}

  /// Head and body (by Content-Length) of the next request; empty when the peer closed.
  std::string read_request();

  /// One line without its line end; empty when the peer closed.
  std::string read_line();

  /// False when the peer is gone.
  bool send(std::string_view bytes);

  /// Sends the bytes again and again, one piece each pace, until the peer hangs up or the server stops. A
  /// peer whose time-out begins anew with every piece would never hang up: that is what a drip is for. The
  /// pace is the longest wait for the peer's hanging up, not a sleep.
  void drip(std::string_view bytes, std::chrono::milliseconds pace = std::chrono::milliseconds(5));

  /// Waits until the peer closes or the server stops.
  void stall();

  /// Hangs up with a reset instead of a close.
  void reset();

  /// Ends what is sent; the peer sees the end of the stream.
  void close();

  int socket() const noexcept { return socket_; }

 private:
  bool receive();
  bool hung_up_within(std::chrono::milliseconds time);

  int socket_;
  std::string received_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Connection&)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();  // hangs up on everybody

  int port() const noexcept { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const noexcept { return connections_; }

 private:
  void accept_all();

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<int> sockets_;  // closed by the destructor only, so that a number is never somebody else's
  std::vector<std::jthread> threads_;
  std::jthread acceptor_;
};

/// "HTTP/1.1 <status> X" with a length and that body.
std::string reply(int status, std::string_view body = "ok", std::string_view headers = "");

/// A script that answers every request of a connection with what the function returns; "" hangs up.
ScriptedServer::Script answering(std::function<std::string(const std::string& request)> answer);

}  // namespace kernel::outbound::test
