// A host for tests: the whole C ABI the plugin asks for, real PostgreSQL underneath, everything else in
// memory.
#pragma once

#include <portico/abi/plugin.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <portico/plugin.hpp>
#include <string>
#include <vector>

#include "tests/support/test_database.hpp"

namespace auth::testing {

struct SentMail {
  std::string to, subject, text;
  /// The token of the link in it, "" without one.
  std::string token() const;
};

struct AuditRow {
  std::string action, user_id, target, outcome, details;
};

struct Reply {
  int status = 0;
  std::string code;  // of a problem
  int retry_after_s = 0;
  boost::json::object body;
  std::map<std::string, std::string> set_cookies;  // name → value, "" removed
  std::map<std::string, std::string> headers;
  std::string raw;
  std::string error(std::size_t i = 0) const;  // "pointer code" of a field error
};

/// What a browser sends along.
struct FakeBrowser {
  std::map<std::string, std::string> cookies;
  std::string address = "203.0.113.7";
};

class FakeHost {
 public:
  /// Loads AUTH_PLUGIN and starts it. settings: over the test's defaults.
  explicit FakeHost(const TestDatabase& database, boost::json::object settings = {});
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  /// Sends a request as a browser would; its cookies are kept in the browser.
  Reply send(FakeBrowser& browser, std::string_view method, std::string_view path,
             const boost::json::value& body = nullptr);
  void run_task(const std::string& name);
  /// The provided operation, as another plugin calls it.
  std::string call_provided(const std::string& name, const std::string& arguments);
  /// What the identity extension says of the browser: the user's id, "" for nobody.
  std::string user_of(const FakeBrowser& browser);

  using OperationFn = std::function<std::string(std::string_view)>;  // may throw Problem
  std::map<std::string, OperationFn> operations;                     // of other plugins
  std::vector<SentMail> mails;
  std::vector<AuditRow> audit;
  std::vector<std::string> log, revoked, pages;
  std::chrono::microseconds clock_ahead{0};

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace auth::testing
