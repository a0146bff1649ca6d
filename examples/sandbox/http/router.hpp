// Which room answers which path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/http/message.hpp"

namespace sandbox {

/// Routes in the order they were added. A pattern segment "{name}" takes one path segment; a last
/// segment "**" takes the rest, which may be nothing.
class Router {
 public:
  /// method  "GET", "POST", …; "*" takes every method
  void add(std::string method, std::string pattern, HttpHandler handler);

  /// The route's answer; 404 or 405 as JSON where none fits; 400 for a BadRequest, 500 for another exception.
  HttpAnswer answer(HttpRequest& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    HttpHandler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace sandbox
