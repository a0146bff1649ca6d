// One SMTP session over a Poco socket, with a total time limit and a typed end.
#include "kernel/outbound/smtp.hpp"

#include <Poco/Base64Encoder.h>
#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/DialogSocket.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SMTPClientSession.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/URI.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <ctime>
#include <mutex>
#include <portico/problem.hpp>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string_view>
#include <thread>

#include "kernel/observe/random_id.hpp"
#include "kernel/observe/redaction.hpp"
#include "kernel/outbound/mail_message.hpp"

namespace kernel::outbound {
namespace {

using Security = SmtpSettings::Security;

constexpr int kStepsInTime = 3;  // a whole session may take this many time-outs

[[noreturn]] void refuse_settings(const char* why) {
  throw portico::Problem(500, "smtp.settings", why);
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "[::1]";
}

bool has_control(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

void check(const SmtpSettings& s) {
  if (s.host.empty() || has_control(s.host) || has_control(s.helo)) refuse_settings("host");
  if (s.port < 1 || s.port > 65535) refuse_settings("port");
  if (!s.user.empty() && s.security == Security::none && !is_loopback(s.host)) {
    refuse_settings("credentials would cross the network in the clear: use smtps:// or starttls=require");
  }
}

/// Shuts the connection when a session has had its time, whatever it is waiting for: a socket's own time-out
/// starts anew with every received byte, so a server that drips would hold the caller for ever.
class TotalTime {
 public:
  TotalTime(int socket, std::chrono::milliseconds limit)
      : socket_(::dup(socket)), thread_([this, limit](std::stop_token stop) { watch(stop, limit); }) {}
  ~TotalTime() {
    thread_.request_stop();
    thread_.join();
    if (socket_ >= 0) ::close(socket_);  // a copy: its number cannot have gone to somebody else meanwhile
  }
  TotalTime(const TotalTime&) = delete;
  TotalTime& operator=(const TotalTime&) = delete;

 private:
  void watch(std::stop_token stop, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    never_.wait_for(lock, stop, limit, [] { return false; });
    if (!stop.stop_requested() && socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }

  int socket_;
  std::mutex mutex_;
  std::condition_variable_any never_;
  std::jthread thread_;
};

Poco::Net::Context::Ptr tls_context(const SmtpSettings& s) {
  Poco::Net::Context::Params params;
  params.caLocation = s.ca_file;
  params.loadDefaultCAs = s.ca_file.empty();
  params.verificationMode = Poco::Net::Context::VERIFY_STRICT;
  Poco::Net::Context::Ptr context = new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params);
  context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
  context->enableExtendedCertificateVerification(true);
  return context;
}

/// A session whose steps tell the message's failures from the server's. Poco's own client waits for ever for
/// the rest of a reply whose server hung up in the middle; here every reply is read to its end or its limit.
class Session {
 public:
  Session(const Poco::Net::StreamSocket& connected, const SmtpSettings& settings)
      : settings_(settings), socket_(connected) {}

  /// Greeting, TLS and sign-in. Throws Poco exceptions: none of them is the message's fault.
  void prepare() {
    demand(2, "greeting", reply());
    std::string features = hello();
    if (settings_.security == Security::starttls) {
      demand(2, "STARTTLS", ask("STARTTLS"));
      // What was said before TLS does not count (RFC 3207 4.2): the assignment empties the buffer too.
      socket_ = Poco::Net::SecureStreamSocket::attach(socket_, settings_.host, tls_context(settings_));
      features = hello();
    }
    if (!settings_.user.empty()) sign_in(features);
  }

  MailResult deliver(const MailAddress& from, const MailAddress& to, const std::string& message) {
    MailResult result;
    if (!step("MAIL FROM:<" + from.spec + ">", 2, result)) return result;
    if (!step("RCPT TO:<" + to.spec + ">", 2, result)) return result;
    if (!step("DATA", 3, result)) return result;
    send(message + "\r\n.\r\n");
    const Reply taken = reply();
    if (taken.status / 100 != 2) return judged("message", taken);
    return {MailOutcome::sent, {}};
  }

  void say_goodbye() { ask("QUIT"); }

 private:
  struct Reply {
    int status = 0;
    std::string text;
  };
  static constexpr std::size_t kLongestLine = 4096;
  static constexpr int kMostLines = 100;  // of one reply

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const int sent = socket_.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
      if (sent <= 0) throw Poco::Net::ConnectionResetException("nothing could be sent");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  std::string read_line() {
    std::string line;
    for (int c; (c = socket_.get()) != '\n'; line += static_cast<char>(c)) {
      if (c < 0) throw Poco::Net::ConnectionResetException("the mail server hung up");
      if (line.size() >= kLongestLine) throw Poco::Net::SMTPException("a line of the reply is too long");
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
  }

  /// Lines "250-…" and at last "250 …" (RFC 5321 4.2.1).
  Reply reply() {
    Reply whole;
    for (int lines = 0; lines < kMostLines; ++lines) {
      const std::string line = read_line();
      const auto digit = [&](std::size_t at) { return line[at] >= '0' && line[at] <= '9'; };
      if (line.size() < 3 || !digit(0) || !digit(1) || !digit(2))
        throw Poco::Net::SMTPException("the reply is no SMTP");
      whole.status = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
      whole.text += (whole.text.empty() ? "" : "\n") + line;
      if (line.size() == 3 || line[3] != '-') return whole;
    }
    throw Poco::Net::SMTPException("the reply has too many lines");
  }

  Reply ask(const std::string& command) {
    send(command + "\r\n");
    return reply();
  }

  static void demand(int wanted_class, const char* step, const Reply& reply) {
    if (reply.status / 100 != wanted_class) throw Poco::Net::SMTPException(step, reply.text, reply.status);
  }

  std::string hello() {
    Reply answer = ask("EHLO " + settings_.helo);
    if (answer.status / 100 == 5) answer = ask("HELO " + settings_.helo);
    demand(2, "EHLO", answer);
    return answer.text;
  }

  void sign_in(const std::string& features) {
    if (features.find("PLAIN") != std::string::npos) {
      const std::string both = '\0' + settings_.user + '\0' + settings_.password;
      demand(2, "AUTH", ask("AUTH PLAIN " + base64(both)));
      return;
    }
    demand(3, "AUTH", ask("AUTH LOGIN"));
    demand(3, "AUTH", ask(base64(settings_.user)));
    demand(2, "AUTH", ask(base64(settings_.password)));
  }

  bool step(const std::string& command, int wanted_class, MailResult& result) {
    const Reply answer = ask(command);
    if (answer.status / 100 == wanted_class) return true;
    result = judged(command.substr(0, command.find(':')), answer);
    return false;
  }

  static MailResult judged(std::string_view step, const Reply& reply) {
    constexpr std::size_t kMostOfResponse = 200;
    const std::string said = observe::masked(std::string_view(reply.text).substr(0, kMostOfResponse));
    return {reply.status / 100 == 5 ? MailOutcome::permanent : MailOutcome::temporary,
            std::string(step) + " refused: " + said};
  }

  static std::string base64(const std::string& text) {
    std::ostringstream out;
    Poco::Base64Encoder encoder(out);
    encoder.rdbuf()->setLineLength(0);
    encoder << text;
    encoder.close();
    return out.str();
  }

  const SmtpSettings& settings_;
  Poco::Net::DialogSocket socket_;
};

MailResult send_in_session(const SmtpSettings& settings, const MailAddress& from, const MailAddress& to,
                           const std::string& message) {
  const Poco::Timespan timeout(std::chrono::microseconds(settings.timeout).count());
  Poco::Net::StreamSocket connection;
  connection.connect(Poco::Net::SocketAddress(settings.host, static_cast<Poco::UInt16>(settings.port)),
                     timeout);
  connection.setReceiveTimeout(timeout);
  connection.setSendTimeout(timeout);
  const TotalTime limit(connection.impl()->sockfd(), settings.timeout * kStepsInTime);
  if (settings.security == Security::tls) {
    connection = Poco::Net::SecureStreamSocket::attach(connection, settings.host, tls_context(settings));
  }
  Session session(connection, settings);
  session.prepare();
  MailResult result = session.deliver(from, to, message);
  try {
    session.say_goodbye();
  } catch (const Poco::Exception&) {
    // The server has answered for the message; how it says good-bye changes nothing.
  }
  return result;
}

void init_tls_once() {
  static const bool done = [] {
    Poco::Net::initializeSSL();
    return true;
  }();
  static_cast<void>(done);
}

std::string text_of(const Poco::Exception& e) {
  return observe::masked(std::string(e.name()) + (e.message().empty() ? "" : ": ") +
                         e.message().substr(0, 200));
}

}  // namespace

SmtpSettings SmtpSettings::from_url(const std::string& url) {
  SmtpSettings settings;
  try {
    const Poco::URI uri(url);
    if (uri.getScheme() != "smtp" && uri.getScheme() != "smtps") refuse_settings("only smtp:// and smtps://");
    settings.security = uri.getScheme() == "smtps" ? Security::tls : Security::none;
    for (const auto& [name, value] : uri.getQueryParameters()) {
      if (name != "starttls" || value != "require" || settings.security == Security::tls) {
        refuse_settings("unknown parameter: only smtp://…?starttls=require");
      }
      settings.security = Security::starttls;
    }
    const std::string& path = uri.getPath();
    if ((!path.empty() && path != "/") || !uri.getFragment().empty()) refuse_settings("path or fragment");
    settings.host = uri.getHost();
    const int usual = settings.security == Security::tls        ? 465
                      : settings.security == Security::starttls ? 587
                                                                : 25;
    settings.port = uri.getSpecifiedPort() == 0 ? usual : uri.getSpecifiedPort();
    const std::string& user_info = uri.getUserInfo();
    // getUserInfo is decoded, so a ':' of the user name cannot be told apart; take the raw form's first one.
    const std::size_t begin = url.find("://") + 3;
    const std::size_t at = url.rfind('@', url.find_first_of("/?#", begin));
    if (at != std::string::npos && at >= begin && !user_info.empty()) {
      const std::string raw = url.substr(begin, at - begin);
      const std::size_t colon = raw.find(':');
      Poco::URI::decode(raw.substr(0, colon), settings.user);
      if (colon != std::string::npos) Poco::URI::decode(raw.substr(colon + 1), settings.password);
    }
  } catch (const Poco::Exception&) {
    refuse_settings("not a URL");  // Poco's text would repeat it, password included
  }
  if (has_control(settings.user) || has_control(settings.password))
    refuse_settings("control character in the user info");
  check(settings);
  return settings;
}

SmtpSender::SmtpSender(SmtpSettings settings) : settings_(std::move(settings)) {
  check(settings_);
  if (settings_.security != Security::none) init_tls_once();
}

MailResult SmtpSender::send(const Mail& mail) const noexcept {
  try {
    const MailAddress from = parse_mail_address(mail.from);
    const MailAddress to = parse_mail_address(mail.to);
    const std::string message =
        compose_message(mail, std::time(nullptr), "portico_" + observe::new_correlation_id());
    return send_in_session(settings_, from, to, message);
  } catch (const std::invalid_argument& e) {
    return {MailOutcome::permanent, std::string("mail that must not be sent: ") + e.what()};
  } catch (const Poco::Exception& e) {
    return {MailOutcome::temporary, text_of(e)};
  } catch (const std::exception& e) {
    return {MailOutcome::temporary, e.what()};
  } catch (...) {
    return {MailOutcome::temporary, "unknown failure"};
  }
}

}  // namespace kernel::outbound
