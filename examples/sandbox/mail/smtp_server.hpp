// The SMTP catcher: takes every message, sends none on.
#pragma once

#include <Poco/Net/TCPServer.h>
#include <Poco/ThreadPool.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "examples/sandbox/faults/fault_book.hpp"
#include "examples/sandbox/mail/mailbox.hpp"

namespace sandbox::mail {

struct SmtpLimits {
  std::size_t message_bytes = 10U << 20U;
  std::size_t line_bytes = 4096;  // commands; text lines may be longer
  std::size_t recipients = 100;
  int idle_seconds = 300;
};

/// Listens from construction until stop(). Fault vendor "mail", actions connect, mail, rcpt, data.
class SmtpServer {
 public:
  /// port 0 takes a free one. errors: Poco::Net::NetException if the address is taken.
  SmtpServer(const std::string& address, std::uint16_t port, Mailbox& mailbox, FaultBook& faults,
             SmtpLimits limits = {});
  ~SmtpServer();

  std::uint16_t port() const { return port_; }
  void stop();

 private:
  std::atomic<bool> ending_{false};
  std::unique_ptr<Poco::ThreadPool> pool_;
  std::unique_ptr<Poco::Net::TCPServer> server_;
  std::uint16_t port_ = 0;
};

}  // namespace sandbox::mail
