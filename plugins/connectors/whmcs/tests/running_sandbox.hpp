// The sandbox program on free ports, and a transport over libcurl that reaches its WHMCS.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <string>

#include "client/client.hpp"

namespace whmcs {

/// One sandbox process; ends with this object.
class RunningSandbox {
 public:
  RunningSandbox();
  ~RunningSandbox();
  RunningSandbox(const RunningSandbox&) = delete;
  RunningSandbox& operator=(const RunningSandbox&) = delete;

  std::string url(const std::string& path) const;
  /// A call of the control API with a JSON body.
  boost::json::value control(const std::string& method, const std::string& path,
                             const std::string& body = {}) const;

 private:
  std::filesystem::path folder_;
  int pid_ = -1;
  int port_ = 0;
};

/// Fails as outbound does: upstream.timeout when nothing comes, upstream.unavailable for every other cut.
class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(std::string base) : base_(std::move(base)) {}
  Answer post(std::string_view action, std::string body, Kind kind) override;
  long timeout_ms = 20'000;

 private:
  std::string base_;
};

}  // namespace whmcs
