// The client: adds the key, sends, classifies, re-authenticates once, and says how the upstream is doing.
#pragma once

#include <functional>

#include "client/api.hpp"
#include "client/keys.hpp"
#include "client/reply.hpp"

namespace freebit {

/// Never logged.
struct Credentials {
  std::string oem_id, oem_key;
};

/// Carries a form to a path. errors: those of outbound, as OutboundProblem where it is known whether it was
/// sent.
class Transport {
 public:
  virtual ~Transport() = default;
  struct Answer {
    int status;
    std::string body;
  };
  virtual Answer post(const CallSpec& call, std::string body) = 0;
};

/// What the client noticed. Texts hold no secrets and no personal data.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void answered(std::string_view call, std::string_view code, std::string_view message) = 0;
  virtual void barred(std::string_view call, std::string_view code, std::string_view message) = 0;
  virtual void nonsense(std::string_view call, std::string_view what) = 0;
  virtual void unreachable(std::string_view call, std::string_view code) = 0;
};

class Client final : public Api {
 public:
  struct Setting {
    std::chrono::seconds key_life{50 * 60};
    std::string registration_version;  // the form parameter "version" of PA02-01; "" sends none
    std::function<std::chrono::microseconds()> now;
  };
  Client(Transport& transport, Watcher& watcher, Wire wire, Credentials credentials, Setting setting);

  /// Proves that the credentials work; costs a call only when the key is old.
  void check() { keys_.get(); }

 protected:
  boost::json::object send(CallId call, boost::json::object members) override;
  portico::Problem bad_reply(CallId call, std::string_view what) override;

 private:
  std::string authenticate();
  Verdict exchange(const CallSpec& call, const boost::json::object& request);
  [[noreturn]] void fail(const CallSpec& call, portico::Problem problem, bool may_have_happened);

  Transport& transport_;
  Watcher& watcher_;
  const Wire wire_;
  const Credentials credentials_;
  const Setting setting_;
  Keys keys_;
};

}  // namespace freebit
