// A real gRPC client of the bus for its tests: one call at a time, in order.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sandbox::pubsub {

struct Ended {
  int status = 0;
  std::string message, error_code, rpc_id;  // error_code without its prefix
};

/// A call that is open. Each member waits, at most a minute.
class Stream {
 public:
  struct Parts;
  explicit Stream(std::unique_ptr<Parts> parts);
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  void write(const std::string& message);
  void no_more();
  /// The next message; nothing at the end.
  std::optional<std::string> read();
  Ended finish();
  void cancel();

 private:
  std::unique_ptr<Parts> parts_;
};

class Caller {
 public:
  Caller(const std::string& endpoint, const std::string& ca_pem);
  ~Caller();

  std::map<std::string, std::string> metadata;  // of every call

  Stream open(const std::string& method) const;
  /// One message there and one back; "" and the end where it was refused.
  std::string ask(const std::string& method, const std::string& message, Ended& ended) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sandbox::pubsub
