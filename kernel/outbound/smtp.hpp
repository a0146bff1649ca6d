// Outgoing mail over SMTP: one message, one session, one typed answer.
#pragma once

#include <chrono>
#include <string>

namespace kernel::outbound {

struct Mail {
  std::string from;     // "portal@example.test" or "Portico <portal@example.test>"
  std::string to;       // one address, same forms
  std::string subject;  // UTF-8
  std::string text;     // UTF-8, always sent
  std::string html;     // UTF-8, may be empty: then text alone
  std::string
      message_id;  // "unique@example.test", without angle brackets; a repeat of a job uses the same one
};

enum class MailOutcome {
  sent,       // the server took responsibility for it
  temporary,  // worth another try later: no connection, time-out, 4xx
  permanent,  // never: 5xx for this message, or a message that must not be sent
};

struct MailResult {
  MailOutcome outcome = MailOutcome::permanent;
  std::string detail;  // for the log; no address in it
};

struct SmtpSettings {
  enum class Security {
    none,      // plain; refuses to send credentials except to loopback
    starttls,  // plain connection upgraded before anything is said
    tls,       // TLS from the first byte
  };

  std::string host;
  int port = 25;
  std::string user;  // empty: no sign-in
  std::string password;
  Security security = Security::none;
  std::string ca_file;  // PEM; empty: the system's
  std::string helo = "localhost";
  std::chrono::milliseconds timeout{10'000};  // of each step

  /// smtp://[user:password@]host[:port] (25; ?starttls=require makes it starttls, default port 587 then) or
  /// smtps://…[:port] (465). Percent-encoding in user and password. Throws Problem 500 smtp.settings, whose
  /// detail never holds the password.
  static SmtpSettings from_url(const std::string& url);
};

/// Sends mail. Thread-safe: every send opens its own session; a caller waits at most a few times the
/// time-out.
class SmtpSender {
 public:
  explicit SmtpSender(SmtpSettings settings);

  /// Never throws. Header injection (control characters in an address, subject or id) is a permanent failure
  /// and nothing is sent.
  MailResult send(const Mail& mail) const noexcept;

 private:
  SmtpSettings settings_;
};

}  // namespace kernel::outbound
