// One HTTP exchange as the vendor rooms see it: whole request in, whole answer out.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandbox {

struct HttpRequest {
  std::string method;
  std::string target;                                        // path and query as sent
  std::string path;                                          // decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;    // decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;  // as sent
  std::string body;
  std::string peer_ip;
  std::map<std::string, std::string> path_values;  // {id} of the route
  std::function<bool()> peer_gone;                 // true once the caller has hung up

  /// First value of the query parameter, or "".
  std::string_view query_value(std::string_view name) const;
  bool has_query(std::string_view name) const;
  /// First value of the header (any letter case), or "".
  std::string_view header(std::string_view name) const;
  /// Value of the cookie, or "".
  std::string cookie(std::string_view name) const;
};

/// How the bytes of an answer leave: whole, or broken off the way a failing vendor breaks off.
enum class Delivery {
  kWhole,
  kCutBody,  // Content-Length says more than what is sent before the close
  kClose,    // nothing is sent, orderly close
  kReset,    // nothing is sent, TCP reset
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  Delivery delivery = Delivery::kWhole;
};

using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;

HttpAnswer json_answer(const boost::json::value& value, int status = 200);
HttpAnswer error_answer(int status, std::string_view detail);
HttpAnswer redirect_to(std::string location);

}  // namespace sandbox
