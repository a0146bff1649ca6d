// A Redis client whose calls are bounded in time and cost nothing while Redis is away.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/cache/resp.hpp"

namespace kernel::cache {

struct RedisSettings {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string user;
  std::string password;
  int database = 0;
  std::string prefix = "portico:";  // key() puts it in front
  std::size_t max_connections = 16;
  std::chrono::milliseconds call_timeout{
      50};                   // whole call: waiting for a connection, connecting, sending, reading
  int failures_to_open = 5;  // in a row; then calls fail at once …
  std::chrono::milliseconds probe_interval{
      500};  // … until a PING from the background, this often, is answered
};

/// Why a call has no reply.
enum class RedisFailure {
  none,
  away,      // refused, reset, closed, no such host
  timeout,   // no whole reply in time; the connection was dropped, the command may have run
  open,      // not tried: the breaker is open
  busy,      // not tried: every connection was in use for the whole time
  protocol,  // an answer that is no RESP
};
std::string_view name(RedisFailure failure);

/// A reply or the reason there is none. An error *reply* is a reply (kind Reply::Kind::error) and ok() is
/// false.
struct RedisResult {
  Reply reply;
  RedisFailure failure = RedisFailure::none;

  bool answered() const { return failure == RedisFailure::none; }
  bool ok() const { return answered() && reply.kind != Reply::Kind::error; }
};

/// A Lua script and its SHA-1, computed once.
class Script {
 public:
  explicit Script(std::string source);
  const std::string& source() const { return source_; }
  const std::string& sha1() const { return sha1_; }

 private:
  std::string source_;
  std::string sha1_;
};

using Command = std::vector<std::string>;

/// Thread-safe. No call throws because Redis is away, and none lasts longer than its time-out.
class Redis {
 public:
  explicit Redis(RedisSettings settings);
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  RedisResult call(const Command& command);
  RedisResult call(const Command& command, std::chrono::milliseconds timeout);

  /// Sends all, then reads all; one round trip, not atomic. As many results as commands.
  std::vector<RedisResult> pipeline(std::span<const Command> commands);

  /// Runs a script by its hash, sending its text only when the server does not know it.
  RedisResult eval(const Script& script, std::span<const std::string> keys,
                   std::span<const std::string> arguments);

  /// prefix + name
  std::string key(std::string_view name) const;

  /// False while the breaker is open.
  bool available() const;

  const RedisSettings& settings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernel::cache
