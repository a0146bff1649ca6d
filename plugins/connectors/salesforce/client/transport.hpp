// The client's two doors: what carries a request to the org, and who is told how the org is doing.
#pragma once

#include <memory>
#include <portico/outbound.hpp>

namespace salesforce {

/// Requests that take long have small rooms of their own: the org counts those over 20 s, for all its users.
/// Of a file, what a customer's line takes is part of its time.
enum class Lane { standard, long_running, files };

struct Request {
  std::string operation;  // for metrics and logs: query, create, token
  std::string method = "GET";
  std::string path;  // from the first slash, encoded
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  portico::OutboundKind kind = portico::OutboundKind::read;
  Lane lane = Lane::standard;
  portico::Priority priority = portico::Priority::automatic;
  std::uint64_t bytes_limit = 0;  // above 0: the body of a 2xx reply is read while it comes
};

/// A body that is read while it comes. Destroyed in the middle it ends the request.
class Bytes {
 public:
  virtual ~Bytes() = default;
  /// Waits for more; 0: all is there. errors: those of outbound, and then what came is not the whole
  virtual std::size_t read(char* into, std::size_t size) = 0;
};

struct Answer {
  int status = 0;
  std::string body{};
  std::string limits{};            // Sforce-Limit-Info
  std::unique_ptr<Bytes> bytes{};  // of a 2xx reply to a request with a bytes_limit; body is empty then
};

/// errors: those of outbound, as OutboundProblem.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Answer send(const Request& request) = 0;
};

/// What the client noticed. Texts hold no secrets and no personal data.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void answered() = 0;
  /// An administrator has to mend it.
  virtual void barred(std::string_view operation, std::string_view why) = 0;
  virtual void nonsense(std::string_view operation, std::string_view what) = 0;
  virtual void unreachable(std::string_view operation, std::string_view code) = 0;
  /// The org's own count of requests in 24 hours.
  virtual void used(std::int64_t requests, std::int64_t most) = 0;
};

}  // namespace salesforce
