// One SMTP conversation, without sockets: bytes in, replies out.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/faults/fault_book.hpp"
#include "examples/sandbox/mail/smtp_server.hpp"

namespace sandbox::mail {

/// What the connection does after a line.
enum class Next { kGoOn, kClose, kReset };

struct Reply {
  std::string text;  // complete lines with CRLF; "" says nothing
  Next next = Next::kGoOn;
};

/// RFC 5321 server side as far as a submitting client needs it. Not thread-safe.
class SmtpSession {
 public:
  using Deliver = std::function<void(std::string sender, std::vector<std::string> to, std::string raw)>;
  /// Decides and waits for one stage ("connect", "mail", "rcpt", "data").
  using Trouble = std::function<Verdict(std::string_view stage)>;

  SmtpSession(SmtpLimits limits, Deliver deliver, Trouble trouble);

  Reply greeting();
  /// One line without its line end.
  Reply line(std::string_view text);
  bool in_data() const { return in_data_; }

 private:
  Reply command(std::string_view text);
  Reply mail_from(std::string_view argument);
  Reply rcpt_to(std::string_view argument);
  Reply data_line(std::string_view text);
  Reply end_of_data();
  void forget();

  SmtpLimits limits_;
  Deliver deliver_;
  Trouble trouble_;
  bool greeted_ = false, has_sender_ = false, in_data_ = false, too_long_ = false;
  std::string sender_, raw_;
  std::vector<std::string> recipients_;
};

}  // namespace sandbox::mail
