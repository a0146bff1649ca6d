// Commands and their replies.
#include "examples/sandbox/mail/smtp_session.hpp"

#include <fmt/format.h>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::mail {

namespace {

Reply say(std::string_view text) {
  return {fmt::format("{}\r\n", text)};
}

/// "<a@b> SIZE=12 BODY=8BITMIME" to address and parameters. False if there is no address in angle brackets.
bool split_path(std::string_view argument, std::string& address, std::string& parameters) {
  const std::string text = trim(argument);
  const auto close = text.find('>');
  if (text.empty() || text[0] != '<' || close == std::string::npos) return false;
  address = text.substr(1, close - 1);
  parameters = trim(std::string_view(text).substr(close + 1));
  return address.find_first_of(" \t") == std::string::npos;
}

std::size_t size_parameter(const std::string& parameters) {
  const std::string text = " " + lower(parameters);
  const auto at = text.find(" size=");
  return at == std::string::npos ? 0 : static_cast<std::size_t>(php_int(text.substr(at + 6)));
}

/// The reply a fault makes; nothing when the stage goes on as usual.
std::optional<Reply> spoilt(const Verdict& verdict) {
  switch (verdict.kind) {
    case FaultKind::kRefuse4xx:
      return say("451 4.3.0 Try again later");
    case FaultKind::kRefuse5xx:
      return say("554 5.7.1 Refused");
    case FaultKind::kDown:
      return Reply{"421 4.3.2 Service not available\r\n", Next::kClose};
    case FaultKind::kReset:
      return Reply{"", Next::kReset};
    case FaultKind::kStall:
      return Reply{"", Next::kClose};
    default:
      return std::nullopt;
  }
}

}  // namespace

SmtpSession::SmtpSession(SmtpLimits limits, Deliver deliver, Trouble trouble)
    : limits_(limits), deliver_(std::move(deliver)), trouble_(std::move(trouble)) {}

Reply SmtpSession::greeting() {
  if (auto reply = spoilt(trouble_("connect"))) {
    if (reply->next == Next::kGoOn) reply->next = Next::kClose;
    return *reply;
  }
  return say("220 sandbox.example ESMTP");
}

Reply SmtpSession::line(std::string_view text) {
  return in_data_ ? data_line(text) : command(text);
}

Reply SmtpSession::command(std::string_view text) {
  if (text.size() > limits_.line_bytes) return say("500 5.5.2 Line too long");
  const auto space = text.find(' ');
  const std::string verb = lower(text.substr(0, space));
  const auto argument = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  if (verb == "ehlo" || verb == "helo") {
    if (trim(argument).empty()) return say("501 5.5.4 Name expected");
    forget();
    greeted_ = true;
    if (verb == "helo") return say("250 sandbox.example");
    return say(
        fmt::format("250-sandbox.example\r\n250-SIZE {}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n"
                    "250 ENHANCEDSTATUSCODES",
                    limits_.message_bytes));
  }
  if (verb == "quit") return {"221 2.0.0 Bye\r\n", Next::kClose};
  if (verb == "noop") return say("250 2.0.0 OK");
  if (verb == "rset") {
    forget();
    return say("250 2.0.0 OK");
  }
  if (verb == "vrfy") return say("252 2.1.5 Cannot verify");
  if (!greeted_ && (verb == "mail" || verb == "rcpt" || verb == "data")) return say("503 5.5.1 EHLO first");
  if (starts_ignoring_case(text, "mail from:")) return mail_from(text.substr(10));
  if (starts_ignoring_case(text, "rcpt to:")) return rcpt_to(text.substr(8));
  if (verb == "data") {
    if (recipients_.empty()) return say("503 5.5.1 RCPT first");
    in_data_ = true;
    return say("354 End with <CR><LF>.<CR><LF>");
  }
  return say("500 5.5.2 Command not known");
}

Reply SmtpSession::mail_from(std::string_view argument) {
  if (has_sender_) return say("503 5.5.1 Sender given already");
  std::string address, parameters;
  if (!split_path(argument, address, parameters)) return say("501 5.1.7 Address expected");
  if (size_parameter(parameters) > limits_.message_bytes) return say("552 5.3.4 Message too big");
  if (auto reply = spoilt(trouble_("mail"))) return *reply;
  sender_ = well_formed(address);
  has_sender_ = true;
  return say("250 2.1.0 OK");
}

Reply SmtpSession::rcpt_to(std::string_view argument) {
  if (!has_sender_) return say("503 5.5.1 MAIL first");
  std::string address, parameters;
  if (!split_path(argument, address, parameters) || address.find('@') == std::string::npos)
    return say("501 5.1.3 Address expected");
  if (recipients_.size() >= limits_.recipients) return say("452 4.5.3 Too many recipients");
  if (auto reply = spoilt(trouble_("rcpt"))) return *reply;
  recipients_.push_back(well_formed(address));
  return say("250 2.1.5 OK");
}

Reply SmtpSession::data_line(std::string_view text) {
  if (text == ".") return end_of_data();
  if (text.starts_with('.')) text.remove_prefix(1);
  if (raw_.size() + text.size() + 2 > limits_.message_bytes) {
    too_long_ = true;
    raw_.clear();
  }
  if (!too_long_) raw_.append(text).append("\r\n");
  return {};
}

Reply SmtpSession::end_of_data() {
  in_data_ = false;
  Reply reply = say("552 5.3.4 Message too big");
  if (!too_long_) {
    const Verdict verdict = trouble_("data");
    const auto trouble = spoilt(verdict);
    const bool kept = verdict.applied.value_or(!trouble);
    if (kept) deliver_(sender_, recipients_, raw_);
    reply = trouble.value_or(say("250 2.0.0 Caught"));
    // The dangerous one: the message is taken, the sender never learns it.
    if (verdict.kind == FaultKind::kAppliedThenTimeout) {
      trouble_("after data");
      reply = {"", Next::kClose};
    }
  }
  forget();
  return reply;
}

void SmtpSession::forget() {
  has_sender_ = in_data_ = too_long_ = false;
  sender_.clear();
  raw_.clear();
  recipients_.clear();
}

}  // namespace sandbox::mail
