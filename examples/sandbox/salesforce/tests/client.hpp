// A room of its own for one test, and a signed-in client that calls it without a network.
#pragma once

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/room.hpp"

namespace sandbox::salesforce::testing {

namespace json = boost::json;

struct Client {
  Client() : room(clock, faults, state, "", "") {
    room.mount(router);
    room.set_base_url("http://127.0.0.1:1");
    sign_on();
  }

  void sign_on() { bearer = std::string(room.open_session().at("access_token").as_string()); }

  HttpAnswer send(const std::string& method, const std::string& target, const std::string& body = {},
                  std::vector<std::pair<std::string, std::string>> headers = {}) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.path = url_decode(target.substr(0, target.find('?')));
    request.body = body;
    request.headers = std::move(headers);
    if (!bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + bearer);
    if (!body.empty() && request.header("Content-Type").empty())
      request.headers.emplace_back("Content-Type", "application/json");
    return router.answer(request);
  }
  HttpAnswer rest(const std::string& method, const std::string& target, const json::value& body = nullptr) {
    return send(method, "/services/data/v60.0" + target, body.is_null() ? "" : json::serialize(body));
  }
  json::value query(const std::string& soql) {
    const auto answer = rest("GET", "/query?q=" + url_encode(soql));
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return json::parse(answer.body);
  }
  std::string create(const std::string& object, const json::object& body) {
    const auto answer = rest("POST", "/sobjects/" + object, body);
    INFO(answer.body);
    REQUIRE(answer.status == 201);
    return std::string(json::parse(answer.body).at("id").as_string());
  }
  std::string code(const HttpAnswer& answer) {
    return std::string(json::parse(answer.body).at(0).at("errorCode").as_string());
  }
  void fault(json::object order) {
    order["vendor"] = "salesforce";
    faults.replace({FaultBook::read(order)});
  }

  Clock clock;
  FaultBook faults{1};
  StateFile state{""};
  Room room;
  Router router;
  std::string bearer;
};

}  // namespace sandbox::salesforce::testing
