// A mail server for tests that speaks enough SMTP to take a message, or to refuse it at any step.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "kernel/outbound/smtp.hpp"
#include "kernel/outbound/tests/scripted_server.hpp"

namespace kernel::outbound::test {

/// Keeps what it was told. A step ("RCPT", or a whole line such as "RCPT TO:<a@example.test>"; "greeting" and
/// "message" for those without a command) may get another answer than the usual one, or "hang up", "hang up
/// within", "stall" or "drip".
class MailServer {
 public:
  explicit MailServer(std::string odd_step = "", std::string odd_answer = "")
      : odd_step_(std::move(odd_step)), odd_answer_(std::move(odd_answer)) {}

  SmtpSettings settings() const {
    SmtpSettings s;
    s.host = "127.0.0.1";
    s.port = server_.port();
    s.timeout = std::chrono::milliseconds(2000);
    return s;
  }
  std::vector<std::string> commands() {
    const std::lock_guard lock(mutex_);
    return commands_;
  }
  /// The messages taken, the last at the back.
  std::vector<std::string> messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  std::string message() {
    const std::lock_guard lock(mutex_);
    return messages_.empty() ? std::string() : messages_.back();
  }
  /// From now on that step gets that answer; an empty step: all get the usual ones.
  void answer(std::string step, std::string text) {
    const std::lock_guard lock(mutex_);
    odd_step_ = std::move(step);
    odd_answer_ = std::move(text);
  }
  int connections() const { return server_.connections(); }

 private:
  void serve(Connection& c) {
    if (!say(c, "greeting", "220 mail.example.test ESMTP")) return;
    for (std::string line; !(line = c.read_line()).empty();) {
      {
        const std::lock_guard lock(mutex_);
        commands_.push_back(line);
      }
      const std::string verb = line.substr(0, 4);
      if (verb == "EHLO") {
        if (!say(c, verb, "250-mail.example.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME")) return;
      } else if (verb == "AUTH") {
        if (!say(c, verb, "235 welcome")) return;
      } else if (verb == "DATA") {
        if (!say(c, verb, "354 go on")) return;
        if (is_odd(verb)) continue;
        std::string message;
        for (std::string content; (content = c.read_line()) != ".";) message += content + "\n";
        if (!is_odd("message")) {
          const std::lock_guard lock(mutex_);
          messages_.push_back(message);
        }
        if (!say(c, "message", "250 taken")) return;
      } else if (verb == "QUIT") {
        say(c, verb, "221 bye");
        return;
      } else if (!say(c, is_odd(line) ? line : verb, "250 ok")) {
        return;
      }
    }
  }

  bool is_odd(const std::string& step) {
    const std::lock_guard lock(mutex_);
    return step == odd_step_;
  }

  bool say(Connection& c, const std::string& step, const std::string& usual) {
    std::string answer = usual;
    {
      const std::lock_guard lock(mutex_);
      if (step == odd_step_) answer = odd_answer_;
    }
    if (answer == "hang up") return false;
    if (answer == "hang up within") {
      c.send("250-more\r\n");
      return false;
    }
    if (answer == "stall") {
      c.stall();
      return false;
    }
    if (answer == "drip") {
      c.drip("250-more\r\n");
      return false;
    }
    return c.send(answer + "\r\n");
  }

  std::mutex mutex_;
  std::string odd_step_;
  std::string odd_answer_;
  std::vector<std::string> commands_;
  std::vector<std::string> messages_;
  ScriptedServer server_{[this](Connection& c) { serve(c); }};
};

}  // namespace kernel::outbound::test
