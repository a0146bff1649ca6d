// What the connectors' tests share: the sandbox program on free ports, its control API, and requests over
// real HTTP.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <portico/outbound.hpp>
#include <string>
#include <vector>

namespace connectors {

/// One answer over HTTP, or how the transfer ended without one.
struct Got {
  enum class End { whole, not_sent, timed_out, cut };
  End end = End::cut;
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string error;                                         // in libcurl's words

  std::string header(const std::string& name) const;
};

Got ask(const std::string& method, const std::string& url,
        const std::vector<std::pair<std::string, std::string>>& headers, const std::string& body,
        std::chrono::milliseconds timeout);

/// … failing as outbound does. errors: OutboundProblem 504 upstream.timeout, 503 upstream.unavailable
Got ask_as_outbound(const std::string& method, const std::string& url,
                    const std::vector<std::pair<std::string, std::string>>& headers, const std::string& body,
                    std::chrono::milliseconds timeout);

/// One sandbox process; ends with this object.
class RunningSandbox {
 public:
  explicit RunningSandbox(std::vector<std::string> options = {});
  ~RunningSandbox();
  RunningSandbox(const RunningSandbox&) = delete;
  RunningSandbox& operator=(const RunningSandbox&) = delete;

  std::string url(const std::string& path) const;
  /// A call of the control API with a JSON body. errors: std::runtime_error
  boost::json::value control(const std::string& method, const std::string& path,
                             const std::string& body = {}) const;
  /// The next call of this name goes wrong, after so many that go well.
  void fault(const std::string& vendor, const std::string& action, const std::string& kind,
             const std::string& code = {}, int after = 0, int next = 1) const;
  void no_faults() const { control("DELETE", "/faults"); }
  /// Moves the clock on.
  void pass(std::chrono::seconds time) const;
  std::chrono::sys_seconds now() const;
  std::size_t calls_of(const std::string& vendor, const std::string& action) const;
  std::string state_file() const { return (folder_ / "state.json").string(); }

 private:
  std::filesystem::path folder_;
  int pid_ = -1;
  int port_ = 0;
};

}  // namespace connectors
