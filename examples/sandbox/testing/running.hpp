// A sandbox on free ports for one test, and a caller that sees what really came over the wire.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "examples/sandbox/sandbox.hpp"

namespace sandbox::testing {

struct Reply {
  int error = 0;  // CURLcode; 0 is a whole answer
  int status = 0;
  std::string body, location, cookie, content_type;

  boost::json::object json() const { return boost::json::parse(body).as_object(); }
};

/// One request. errors: none; a transport failure is in `error`.
Reply send(const std::string& method, const std::string& url, const std::string& body = {},
           const std::string& cookie = {}, long timeout_ms = 20'000);

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// A folder that vanishes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// A sandbox of one's own. `options` is changed to free ports.
class Running {
 public:
  explicit Running(Options options = {});

  Sandbox& box() { return *box_; }
  std::string url(const std::string& path) const;
  /// Starts anew with the same options, as after a restart of the program.
  void restart();

  /// A WHMCS call with the right credentials.
  Reply call(std::string_view action, Fields fields = {}) const;
  /// The same, JSON object of the answer.
  boost::json::object ask(std::string_view action, Fields fields = {}) const {
    return call(action, fields).json();
  }
  /// "message" of an answer that must be a business error.
  std::string refusal(std::string_view action, Fields fields = {}) const;
  Reply post_form(const std::string& form, long timeout_ms = 20'000) const;

  Reply get(const std::string& path) const { return send("GET", url(path)); }
  Reply control(const std::string& method, const std::string& path, const boost::json::value& body) const;
  /// How often the log has this action.
  std::size_t calls_of(const std::string& action) const;

 private:
  Options options_;
  std::unique_ptr<Sandbox> box_;
};

/// "identifier=…&secret=…&responsetype=json" of the default credential.
std::string credentials();
/// A complete AddClient form with this address, after credentials().
std::string sign_up_form(std::string_view email);

}  // namespace sandbox::testing
