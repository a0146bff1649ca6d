// The sandbox program, and a transport that reaches its WHMCS.
#pragma once

#include <string>
#include <testing/running_sandbox.hpp>

#include "client/client.hpp"

namespace whmcs {

/// The sandbox, with new clients that have nothing.
class RunningSandbox : public connectors::RunningSandbox {
 public:
  RunningSandbox() : connectors::RunningSandbox({"--new-client-invoices", "none"}) {}
};

/// Fails as outbound does: upstream.timeout when nothing comes, upstream.unavailable for every other cut.
class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(std::string base) : base_(std::move(base)) {}
  Answer post(std::string_view, std::string body, Kind) override {
    auto got =
        connectors::ask_as_outbound("POST", base_ + "/includes/api.php",
                                    {{"Content-Type", "application/x-www-form-urlencoded"}}, body, timeout);
    return {got.status, std::move(got.body)};
  }
  std::chrono::milliseconds timeout{20'000};

 private:
  std::string base_;
};

}  // namespace whmcs
