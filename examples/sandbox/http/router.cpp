// Path matching by segments.
#include "examples/sandbox/http/router.hpp"

#include <exception>

#include "examples/sandbox/common/json_fields.hpp"

namespace sandbox {

namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < path.size();) {
    const auto end = path.find('/', at);
    const auto segment = path.substr(at, end == std::string_view::npos ? end : end - at);
    if (!segment.empty()) out.emplace_back(segment);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return out;
}

bool is_variable(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

}  // namespace

void Router::add(std::string method, std::string pattern, HttpHandler handler) {
  routes_.push_back({std::move(method), segments_of(pattern), std::move(handler)});
}

HttpAnswer Router::answer(HttpRequest& request) const {
  const auto segments = segments_of(request.path);
  const bool head = request.method == "HEAD";
  bool path_known = false;
  for (const auto& route : routes_) {
    const bool open_end = !route.segments.empty() && route.segments.back() == "**";
    const std::size_t compared = route.segments.size() - (open_end ? 1 : 0);
    if (open_end ? segments.size() < compared : segments.size() != compared) continue;
    std::map<std::string, std::string> values;
    bool fits = true;
    for (std::size_t i = 0; fits && i < compared; ++i) {
      const auto& wanted = route.segments[i];
      if (is_variable(wanted)) {
        values[wanted.substr(1, wanted.size() - 2)] = segments[i];
      } else {
        fits = wanted == segments[i];
      }
    }
    if (!fits) continue;
    path_known = true;
    if (route.method != "*" && route.method != (head ? "GET" : request.method)) continue;
    request.path_values = std::move(values);
    try {
      return route.handler(request);
    } catch (const BadRequest& problem) {
      return error_answer(400, problem.what());
    } catch (const std::exception& problem) {
      return error_answer(500, problem.what());
    }
  }
  return path_known ? error_answer(405, "this path has no such method") : error_answer(404, "no such path");
}

}  // namespace sandbox
