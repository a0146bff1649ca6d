// A front on a free port with a handler whose answers tell what was asked.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "kernel/front/reactor.hpp"
#include "kernel/front/tests/raw_client.hpp"

namespace kernel::front::test {

inline Response text(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain"}};
  response.body = std::move(body);
  return response;
}

inline Response render(int status, std::string_view code) {
  Response response = text(std::string(code), status);
  response.headers = {{"Content-Type", "application/problem+json"}};
  return response;
}

inline std::string get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n";
}

/// Holds exchanges until a test says what to do with them.
class Shelf {
 public:
  void put(Exchange exchange) {
    const std::lock_guard lock(mutex_);
    std::string path = exchange.request().path;
    kept_.emplace(std::move(path), std::move(exchange));
    changed_.notify_all();
  }
  /// Waits until the request for that path has come.
  Exchange take(const std::string& path) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(20), [&] { return kept_.contains(path); }));
    auto node = kept_.extract(kept_.find(path));
    return std::move(node.mapped());
  }
  bool has(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return kept_.contains(path);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<std::string, Exchange> kept_;
};

inline FrontSettings quick_settings() {
  FrontSettings settings;
  settings.reactors = 2;
  settings.linger = std::chrono::milliseconds(500);
  settings.drain_idle_grace = std::chrono::milliseconds(50);
  return settings;
}

/// Paths below /later wait on the shelf; the others are answered at once with "METHOD path|body".
class Server {
 public:
  explicit Server(FrontSettings settings = quick_settings(), BodyLimit body_limit = {},
                  BodyGate body_gate = {}, StreamedBody streamed_body = {})
      : front(
            std::move(settings), [this](Exchange exchange) { handle(std::move(exchange)); },
            std::move(body_limit), render, std::move(body_gate), std::move(streamed_body)) {
    front.start();
  }

  Shelf shelf;
  Front front;

 private:
  void handle(Exchange exchange) {
    const Request& request = exchange.request();
    if (request.path.starts_with("/later")) return shelf.put(std::move(exchange));
    if (request.path == "/throw") throw std::runtime_error("as asked");
    if (request.path == "/drop") return;
    if (request.path == "/split") {
      Response response = text("x");
      response.headers.add("X-Evil", "a\r\nX-B: b");
      return exchange.answer(std::move(response));
    }
    if (request.path == "/close") {
      Response response = text("bye");
      response.close = true;
      return exchange.answer(std::move(response));
    }
    if (request.path == "/no-content") return exchange.answer(text("never seen", 204));
    if (request.path == "/not-modified") return exchange.answer(text("never seen", 304));
    if (request.path == "/large") {
      Response response;
      response.shared_body = std::make_shared<const std::string>(8 * 1024 * 1024, 'L');
      return exchange.answer(std::move(response));
    }
    exchange.answer(text(request.method + ' ' + request.path + '|' + request.body));
  }
};

}  // namespace kernel::front::test
