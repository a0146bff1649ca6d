// Sockets and lines around the SMTP conversation.
#include "examples/sandbox/mail/smtp_server.hpp"

#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServerConnection.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/Net/TCPServerParams.h>

#include <chrono>

#include "examples/sandbox/mail/smtp_session.hpp"

namespace sandbox::mail {

namespace net = Poco::Net;

namespace {

constexpr int kMaxConnections = 64;

class Connection : public net::TCPServerConnection {
 public:
  Connection(const net::StreamSocket& socket, Mailbox& mailbox, FaultBook& faults, const SmtpLimits& limits,
             const std::atomic<bool>& ending)
      : net::TCPServerConnection(socket),
        mailbox_(mailbox),
        faults_(faults),
        limits_(limits),
        ending_(ending) {}

  void run() override {
    try {
      talk();
    } catch (const Poco::Exception&) {
      // the peer is gone; what it had not finished is forgotten
    }
  }

 private:
  Verdict trouble(std::string_view stage) {
    const auto gone = [this] { return hung_up(); };
    if (stage == "after data") {
      faults_.hold(hold_ms_, gone);
      return {};
    }
    Verdict verdict = faults_.decide("mail", stage);
    faults_.delay(verdict.latency_ms, gone);
    hold_ms_ = verdict.hold_ms;
    // Released in time: as if nothing had been wrong.
    if (verdict.kind == FaultKind::kStall && faults_.hold(verdict.hold_ms, gone) == HoldEnd::kReleased)
      verdict.kind = FaultKind::kNone;
    return verdict;
  }

  bool hung_up() {
    try {
      char byte = 0;
      return socket().poll(Poco::Timespan(0), net::Socket::SELECT_READ) &&
             socket().receiveBytes(&byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    } catch (const Poco::Exception&) {
      return true;
    }
  }

  /// False when the conversation is over.
  bool reply(const Reply& reply) {
    std::size_t sent = 0;
    while (sent < reply.text.size()) {
      const int count =
          socket().sendBytes(reply.text.data() + sent, static_cast<int>(reply.text.size() - sent));
      if (count <= 0) return false;
      sent += static_cast<std::size_t>(count);
    }
    if (reply.next == Next::kReset) socket().setLinger(true, 0);
    if (reply.next != Next::kGoOn) socket().close();
    return reply.next == Next::kGoOn;
  }

  bool wait_for_bytes() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(limits_.idle_seconds);
    while (!ending_ && std::chrono::steady_clock::now() < end)
      if (socket().poll(Poco::Timespan(0, 100'000), net::Socket::SELECT_READ)) return true;
    return false;
  }

  void talk() {
    SmtpSession session(
        limits_,
        [this](std::string sender, std::vector<std::string> to, std::string raw) {
          mailbox_.add(std::move(sender), std::move(to), std::move(raw));
        },
        [this](std::string_view stage) { return trouble(stage); });
    if (!reply(session.greeting())) return;
    const std::size_t longest = limits_.message_bytes + 4096;
    std::string buffer;
    char block[8192];
    while (wait_for_bytes()) {
      const int count = socket().receiveBytes(block, sizeof block);
      if (count <= 0) return;
      buffer.append(block, static_cast<std::size_t>(count));
      std::size_t from = 0;
      for (auto end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n', from)) {
        std::string_view line(buffer.data() + from, end - from);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!reply(session.line(line))) return;
        from = end + 1;
      }
      buffer.erase(0, from);
      if (buffer.size() > (session.in_data() ? longest : limits_.line_bytes * 2)) {
        reply({"500 5.5.2 Line too long\r\n", Next::kClose});
        return;
      }
    }
    reply({"421 4.3.2 Closing\r\n", Next::kClose});
  }

  Mailbox& mailbox_;
  FaultBook& faults_;
  const SmtpLimits& limits_;
  const std::atomic<bool>& ending_;
  std::int64_t hold_ms_ = 0;
};

class Factory : public net::TCPServerConnectionFactory {
 public:
  Factory(Mailbox& mailbox, FaultBook& faults, SmtpLimits limits, const std::atomic<bool>& ending)
      : mailbox_(mailbox), faults_(faults), limits_(limits), ending_(ending) {}
  net::TCPServerConnection* createConnection(const net::StreamSocket& socket) override {
    return new Connection(socket, mailbox_, faults_, limits_, ending_);  // Poco deletes it at the end
  }

 private:
  Mailbox& mailbox_;
  FaultBook& faults_;
  SmtpLimits limits_;
  const std::atomic<bool>& ending_;
};

}  // namespace

SmtpServer::SmtpServer(const std::string& address, std::uint16_t port, Mailbox& mailbox, FaultBook& faults,
                       SmtpLimits limits) {
  net::ServerSocket socket;
  socket.bind(net::SocketAddress(address, port), true);
  socket.listen(kMaxConnections);
  port_ = socket.address().port();
  net::TCPServerParams::Ptr params = new net::TCPServerParams;
  params->setMaxThreads(kMaxConnections);
  pool_ = std::make_unique<Poco::ThreadPool>(2, kMaxConnections);
  server_ =
      std::make_unique<net::TCPServer>(new Factory(mailbox, faults, limits, ending_), *pool_, socket, params);
  server_->start();
}

SmtpServer::~SmtpServer() {
  stop();
}

void SmtpServer::stop() {
  if (ending_.exchange(true)) return;
  server_->stop();
  pool_->joinAll();
  server_.reset();
}

}  // namespace sandbox::mail
