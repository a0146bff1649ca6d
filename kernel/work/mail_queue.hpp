// Mail that waits in PostgreSQL, sealed, and leaves at least once after its transaction committed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "kernel/database/connection.hpp"
#include "kernel/outbound/smtp.hpp"

namespace kernel::work {

struct QueuedMail {
  std::string to, subject, text, html;
  std::string dedup_key;  // empty: none
};

/// How mail is sealed at rest; given by the extensions room.
struct MailSeal {
  std::function<std::string(const std::string&)> seal, open, hash;
};

class MailQueue {
 public:
  MailQueue(database::Pool& database, outbound::SmtpSender sender, std::string from, MailSeal seal);
  ~MailQueue();

  /// In the caller's transaction. errors: 422 mail.bad_address
  void enqueue(database::Transaction& transaction, const QueuedMail& mail);

  void start();
  /// The mail that is being sent may end; what was claimed beside it goes back at once, for other replicas.
  void stop();

 private:
  void run();
  struct Claimed {
    std::int64_t id, epoch, attempts, max_attempts;
    std::string sealed;
  };

  bool send_some();
  void send_one(const Claimed& mail);
  void give_back(const Claimed& mail);
  bool stopping();

  database::Pool& database_;
  const outbound::SmtpSender sender_;
  const std::string from_;
  const MailSeal seal_;
  const std::string owner_;
  std::chrono::steady_clock::time_point expired_{};  // when leases that ended were last looked for
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kernel::work
