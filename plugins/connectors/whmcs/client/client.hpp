// The API client: adds the credentials, sends, classifies, and says how the upstream is doing.
#pragma once

#include <functional>
#include <optional>

#include "client/api.hpp"
#include "client/reply.hpp"

namespace whmcs {

/// accesskey lets a caller pass the address allow-list. Never logged.
struct Credentials {
  std::string identifier;
  std::string secret;
  std::optional<std::string> access_key;
};

/// Carries a form to includes/api.php. errors: those of outbound.
class Transport {
 public:
  virtual ~Transport() = default;
  struct Answer {
    int status;
    std::string body;
  };
  virtual Answer post(std::string_view action, std::string body, Kind kind) = 0;
};

/// What the client noticed. Texts hold no secrets and no personal data.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void answered() = 0;
  virtual void barred(std::string_view action, std::string_view message) = 0;
  virtual void nonsense(std::string_view action, std::string_view what) = 0;
  virtual void unreachable(std::string_view action, std::string_view code) = 0;
};

class Client final : public Api {
 public:
  Client(Transport& transport, Watcher& watcher, Credentials credentials)
      : transport_(transport), watcher_(watcher), credentials_(std::move(credentials)) {}

 protected:
  boost::json::object send(std::string_view action, const Form& form, Kind kind) override;
  portico::Problem bad_reply(std::string_view action, std::string_view what) override;

 private:
  Transport& transport_;
  Watcher& watcher_;
  const Credentials credentials_;
};

}  // namespace whmcs
