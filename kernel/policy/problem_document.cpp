// One rendering of a Problem for all answers.
#include "kernel/policy/problem_document.hpp"

#include <boost/json.hpp>

namespace kernel::policy {

std::string_view problem_title(int status) {
  switch (status) {
    case 400:
      return "The request is malformed";
    case 401:
      return "Sign in to go on";
    case 403:
      return "Not allowed";
    case 404:
      return "Not found";
    case 405:
      return "This address does not take that method";
    case 408:
      return "The request took too long to arrive";
    case 409:
      return "This conflicts with the present state";
    case 410:
      return "No longer available";
    case 413:
      return "The request is too large";
    case 414:
      return "The address is too long";
    case 415:
      return "This content type is not accepted";
    case 422:
      return "Some fields need attention";
    case 429:
      return "Too many requests";
    case 431:
      return "The request's header is too large";
    case 502:
      return "A connected system answered with nonsense";
    case 503:
      return "Not available at the moment";
    case 504:
      return "This took too long";
    default:
      return status >= 500 ? "Something went wrong on our side" : "The request cannot be served";
  }
}

front::Response problem_response(const portico::Problem& problem, std::string_view correlation_id) {
  boost::json::object document = problem.members;
  document["type"] = "about:blank";
  const auto title = problem_title(problem.status);
  document["title"] = boost::json::string_view(title.data(), title.size());
  document["status"] = problem.status;
  document["code"] = problem.code;
  document["correlation_id"] = boost::json::string_view(correlation_id.data(), correlation_id.size());
  front::Response response;
  response.status = problem.status;
  response.headers.add("Content-Type", "application/problem+json");
  if (problem.retry_after_s > 0) response.headers.add("Retry-After", std::to_string(problem.retry_after_s));
  response.body = boost::json::serialize(document);
  return response;
}

}  // namespace kernel::policy
