// The played enabler alone on a free port, and a caller of it, for the tests of this room.
#pragma once

#include <curl/curl.h>
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/freebit/room.hpp"
#include "examples/sandbox/http/server.hpp"

namespace sandbox::freebit {

class OwnServer {
 public:
  struct Reply {
    int status = 0;
    std::string body, type;
    boost::json::object json() const { return boost::json::parse(body).as_object(); }
    /// "409-1"; "100" for a success.
    std::string code() const {
      const auto answer = json();
      const std::string result(answer.at("resultCode").as_string());
      const std::string detail(answer.at("status").at("statusCode").as_string());
      return result == detail ? result : result + "-" + detail;
    }
  };

  OwnServer() : faults(1), state(""), room({}, "", clock, faults, state) {
    room.mount(router);
    server = std::make_unique<HttpServer>("127.0.0.1", 0, router);
  }
  ~OwnServer() {
    faults.shut_down();
    server->stop();
  }

  Reply send(const std::string& method, const std::string& path, const std::string& body,
             const std::string& type) const {
    Reply reply;
    const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
        curl_slist_append(nullptr, ("Content-Type: " + type).c_str()), curl_slist_free_all);
    const auto url = fmt::format("http://127.0.0.1:{}{}", server->port(), path);
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, 60'000L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
    curl_easy_setopt(
        curl.get(), CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* out) {
          static_cast<std::string*>(out)->append(data, size);
          return size;
        });
    REQUIRE(curl_easy_perform(curl.get()) == CURLE_OK);
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    char* content = nullptr;
    curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_TYPE, &content);
    reply.type = content ? content : "";
    return reply;
  }
  Reply form(const std::string& path, const boost::json::object& request) const {
    return send("POST", "/freebit/emptool/api/" + path, "json=" + url_encode(boost::json::serialize(request)),
                "application/x-www-form-urlencoded");
  }
  std::string key() const {
    const auto reply =
        form("authOem/", {{"oemId", "sandboxOem"}, {"oemKey", "sandboxOemKey000000000000000001"}});
    return std::string(reply.json().at("authKey").as_string());
  }
  /// With a key of its own.
  Reply call(const std::string& path, const boost::json::object& members) const {
    boost::json::object request{{"authKey", key()}};
    for (const auto& member : members) request[member.key()] = member.value();
    return form(path, request);
  }
  /// The code the call is answered with.
  std::string code(const std::string& path, const boost::json::object& members) const {
    return call(path, members).code();
  }
  void switches(const boost::json::object& changes) const {
    REQUIRE(send("PUT", "/control/freebit/switches", boost::json::serialize(changes), "application/json")
                .status == 200);
  }
  boost::json::value control(const std::string& path) const {
    return boost::json::parse(send("GET", "/control/freebit/" + path, "", "application/json").body);
  }
  boost::json::object line(const std::string& account) const {
    return control("lines/" + account).as_object();
  }
  void pass(std::chrono::minutes time) {
    clock.set_offset_ms(clock.offset_ms() + std::chrono::milliseconds(time).count());
  }

  Clock clock;
  FaultBook faults;
  StateFile state;
  Room room;
  Router router;
  std::unique_ptr<HttpServer> server;
};

}  // namespace sandbox::freebit
