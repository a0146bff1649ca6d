// Look-ups in a request and the common answers.
#include "examples/sandbox/http/message.hpp"

#include "examples/sandbox/common/text.hpp"

namespace sandbox {

std::string_view HttpRequest::query_value(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return {};
}

bool HttpRequest::has_query(std::string_view name) const {
  return std::any_of(query.begin(), query.end(), [&](const auto& pair) { return pair.first == name; });
}

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (equal_ignoring_case(key, name)) return value;
  return {};
}

std::string HttpRequest::cookie(std::string_view name) const {
  std::string_view rest = header("Cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const std::string pair = trim(rest.substr(0, end));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return {};
}

HttpAnswer json_answer(const boost::json::value& value, int status) {
  return {status, "application/json", boost::json::serialize(value), {{"Cache-Control", "no-store"}}};
}

HttpAnswer error_answer(int status, std::string_view detail) {
  return json_answer(boost::json::object{{"error", detail}}, status);
}

HttpAnswer redirect_to(std::string location) {
  return {302,
          "text/html; charset=utf-8",
          "",
          {{"Location", std::move(location)}, {"Cache-Control", "no-store"}}};
}

}  // namespace sandbox
