// One SMTP session on Poco's client, with a total time limit and a typed end.
#include "kernel/outbound/smtp.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
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

/// Shuts the connection when a session has had its time, whatever it is waiting for: Poco's own time-out
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

/// A session whose steps tell the message's failures from the server's.
class Session : public Poco::Net::SMTPClientSession {
 public:
  Session(const Poco::Net::StreamSocket& connected, const SmtpSettings& settings)
      : SMTPClientSession(connected), settings_(settings) {
    setTimeout(Poco::Timespan(std::chrono::microseconds(settings.timeout).count()));
  }

  /// Greeting, TLS and sign-in. Throws Poco exceptions: none of them is the message's fault.
  void prepare() {
    open();
    std::string features = hello();
    if (settings_.security == Security::starttls) {
      expect("STARTTLS", 2);
      socket() = Poco::Net::SecureStreamSocket::attach(socket(), settings_.host, tls_context(settings_));
      features = hello();  // what was said before TLS does not count (RFC 3207 4.2)
    }
    if (settings_.user.empty()) return;
    if (features.find("PLAIN") != std::string::npos) {
      loginUsingPlain(settings_.user, settings_.password);
    } else {
      loginUsingLogin(settings_.user, settings_.password);
    }
  }

  MailResult deliver(const MailAddress& from, const MailAddress& to, const std::string& message) {
    MailResult result;
    if (!step("MAIL FROM:<" + from.spec + ">", 2, result)) return result;
    if (!step("RCPT TO:<" + to.spec + ">", 2, result)) return result;
    if (!step("DATA", 3, result)) return result;
    std::istringstream content(message + "\r\n.\r\n");
    try {
      sendMessage(content);
    } catch (const Poco::Net::SMTPException& e) {
      return judged(e.code(), "message", e.message());
    }
    return {MailOutcome::sent, {}};
  }

 private:
  std::string hello() {
    std::string response;
    login(settings_.helo, response);
    return response;
  }

  void expect(const std::string& command, int wanted_class) {
    std::string response;
    const int status = sendCommand(command, response);
    if (status / 100 != wanted_class) throw Poco::Net::SMTPException(command, response, status);
  }

  bool step(const std::string& command, int wanted_class, MailResult& result) {
    std::string response;
    const int status = sendCommand(command, response);
    if (status / 100 == wanted_class) return true;
    result = judged(status, command.substr(0, command.find(':')), response);
    return false;
  }

  static MailResult judged(int status, std::string_view step, const std::string& response) {
    constexpr std::size_t kMostOfResponse = 200;
    const std::string said = observe::masked(std::string_view(response).substr(0, kMostOfResponse));
    return {status / 100 == 5 ? MailOutcome::permanent : MailOutcome::temporary,
            std::string(step) + " refused: " + said};
  }

  const SmtpSettings& settings_;
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
    session.close();
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
    std::string user_info = uri.getUserInfo();
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
