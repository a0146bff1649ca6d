// The one HTTP listener of the sandbox, on Poco: a test double's server, never one for hostile bytes.
#pragma once

#include <Poco/Net/HTTPServer.h>
#include <Poco/ThreadPool.h>

#include <cstdint>
#include <memory>
#include <string>

#include "examples/sandbox/http/router.hpp"

namespace sandbox {

/// Serves `router` (which outlives it) from construction until stop().
class HttpServer {
 public:
  /// port 0 takes a free one. errors: Poco::Net::NetException if the address is taken.
  HttpServer(const std::string& address, std::uint16_t port, const Router& router);
  ~HttpServer();

  std::uint16_t port() const { return port_; }
  /// Ends every connection and waits for the handlers; repeating is harmless.
  void stop();

 private:
  std::unique_ptr<Poco::ThreadPool> pool_;
  std::unique_ptr<Poco::Net::HTTPServer> server_;
  std::uint16_t port_ = 0;
  bool running_ = false;
};

}  // namespace sandbox
