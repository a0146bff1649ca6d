// Poco requests to our messages and back, including answers that are broken off on purpose.
#include "examples/sandbox/http/server.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <fmt/format.h>

#include <istream>

#include "examples/sandbox/common/text.hpp"

namespace sandbox {

namespace net = Poco::Net;

namespace {

constexpr std::size_t kMaxBody = 64U << 20U;  // a file of 37.5 MB in base64 inside JSON fits
constexpr int kMaxConnections = 512;          // stalled calls hold one thread each
constexpr int kMaxWaiting = 512;

std::vector<std::pair<std::string, std::string>> query_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    const auto equals = pair.find('=');
    if (!pair.empty()) {
      const auto value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
      out.emplace_back(url_decode(pair.substr(0, equals)), well_formed(url_decode(value)));
    }
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

/// False if the body is longer than the sandbox takes.
bool read_body(std::istream& in, std::string& body) {
  char block[8192];
  while (in.good()) {
    in.read(block, sizeof block);
    body.append(block, static_cast<std::size_t>(in.gcount()));
    if (body.size() > kMaxBody) return false;
  }
  return true;
}

bool has_hung_up(net::StreamSocket& socket) {
  try {
    if (!socket.poll(Poco::Timespan(0), net::Socket::SELECT_READ)) return false;
    char byte = 0;
    return socket.receiveBytes(&byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
  } catch (const Poco::Exception&) {
    return true;
  }
}

class Handler : public net::HTTPRequestHandler {
 public:
  explicit Handler(const Router& router) : router_(router) {}

  void handleRequest(net::HTTPServerRequest& from, net::HTTPServerResponse& to) override {
    auto& socket = static_cast<net::HTTPServerRequestImpl&>(from).socket();
    HttpRequest request;
    request.method = from.getMethod();
    const std::string& uri = from.getURI();
    request.target = uri;
    const auto question = uri.find('?');
    std::string path = uri.substr(0, question);
    for (std::size_t at = 0; (at = path.find('+', at)) != std::string::npos; at += 3)
      path.replace(at, 1, "%2B");
    request.path = url_decode(path);
    if (question != std::string::npos) request.query = query_of(std::string_view(uri).substr(question + 1));
    for (const auto& [name, value] : from) request.headers.emplace_back(name, value);
    request.peer_ip = from.clientAddress().host().toString();
    request.peer_gone = [&socket] { return has_hung_up(socket); };
    // A request that announces no body has none; waiting for one would end with the connection.
    const bool has_body = from.hasContentLength() || from.getChunkedTransferEncoding();
    if (!has_body || read_body(from.stream(), request.body)) {
      send(request, router_.answer(request), socket, to);
    } else {
      to.setKeepAlive(false);
      send(request, error_answer(413, "the body is longer than the sandbox takes"), socket, to);
    }
  }

 private:
  static void send(const HttpRequest& request, const HttpAnswer& answer, net::StreamSocket& socket,
                   net::HTTPServerResponse& to) {
    if (answer.delivery == Delivery::kClose || answer.delivery == Delivery::kReset) {
      if (answer.delivery == Delivery::kReset) socket.setLinger(true, 0);
      to.setKeepAlive(false);
      socket.close();
      return;
    }
    to.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(answer.status));
    if (!answer.content_type.empty()) to.setContentType(answer.content_type);
    for (const auto& [name, value] : answer.headers) to.add(name, value);
    const std::size_t promised = answer.body.size() + (answer.delivery == Delivery::kCutBody ? 64 : 0);
    if (answer.delivery == Delivery::kCutBody) to.setKeepAlive(false);
    to.setContentLength64(static_cast<Poco::Int64>(promised));
    auto& out = to.send();
    if (request.method != "HEAD")
      out.write(answer.body.data(), static_cast<std::streamsize>(answer.body.size()));
    out.flush();
  }

  const Router& router_;
};

class Factory : public net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(const Router& router) : router_(router) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    return new Handler(router_);  // Poco deletes it after the exchange
  }

 private:
  const Router& router_;
};

}  // namespace

HttpServer::HttpServer(const std::string& address, std::uint16_t port, const Router& router) {
  net::ServerSocket socket;
  socket.bind(net::SocketAddress(address, port), true);
  socket.listen(kMaxWaiting);
  port_ = socket.address().port();
  net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
  params->setMaxThreads(kMaxConnections);
  params->setMaxQueued(kMaxWaiting);
  params->setKeepAliveTimeout(Poco::Timespan(75, 0));
  params->setMaxKeepAliveRequests(0);
  params->setTimeout(Poco::Timespan(60, 0));
  params->setServerName("");
  params->setSoftwareVersion("sandbox");
  pool_ = std::make_unique<Poco::ThreadPool>(2, kMaxConnections);
  server_ = std::make_unique<net::HTTPServer>(new Factory(router), *pool_, socket, params);
  server_->start();
  running_ = true;
}

HttpServer::~HttpServer() {
  stop();
}

void HttpServer::stop() {
  if (!running_) return;
  running_ = false;
  server_->stopAll(true);
  pool_->joinAll();
  server_.reset();
}

}  // namespace sandbox
