// All rooms of the sandbox put together; the program and its tests start this.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/common/state_file.hpp"
#include "examples/sandbox/faults/fault_book.hpp"
#include "examples/sandbox/freebit/room.hpp"
#include "examples/sandbox/http/router.hpp"
#include "examples/sandbox/http/server.hpp"
#include "examples/sandbox/mail/mailbox.hpp"
#include "examples/sandbox/mail/smtp_server.hpp"
#include "examples/sandbox/options.hpp"
#include "examples/sandbox/pubsub/room.hpp"
#include "examples/sandbox/salesforce/room.hpp"
#include "examples/sandbox/whmcs/room.hpp"

namespace sandbox {

/// Serves from construction until stop(). A vendor is a room with `mount`, `to_json`, `restore` and `reset`.
class Sandbox {
 public:
  /// errors: std::exception if a port is taken or the state file cannot be read.
  explicit Sandbox(const Options& options);
  ~Sandbox();

  std::uint16_t http_port() const { return http_->port(); }
  std::uint16_t smtp_port() const { return smtp_->port(); }

  Clock& clock() { return clock_; }
  FaultBook& faults() { return faults_; }
  whmcs::Room& whmcs() { return whmcs_; }
  salesforce::Room& salesforce() { return salesforce_; }
  pubsub::Room& pubsub() { return pubsub_; }
  freebit::Room& freebit() { return freebit_; }
  mail::Mailbox& mailbox() { return mailbox_; }
  /// Moves the clock and keeps the offset.
  void set_clock_offset(std::int64_t offset_ms);
  /// Back to the seed: records, switches, mail, faults, clock.
  void reset();
  void stop();

 private:
  boost::json::value snapshot();

  Clock clock_;
  StateFile state_;
  FaultBook faults_;
  whmcs::Room whmcs_;
  salesforce::Room salesforce_;
  pubsub::Room pubsub_;
  freebit::Room freebit_;
  mail::Mailbox mailbox_;
  Router router_;
  std::unique_ptr<mail::SmtpServer> smtp_;
  std::unique_ptr<HttpServer> http_;
};

}  // namespace sandbox
