// A failure as its document: what is told, and what is kept.
#include "kernel/policy/problem_document.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace kernel::policy;
using portico::Problem;
namespace json = boost::json;

namespace {

std::string header(const kernel::front::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or(""));
}

}  // namespace

TEST_CASE("a problem says type, title, status, code and correlation id, and keeps its detail") {
  const auto response = problem_response(Problem(409, "books.closed", "row 7 of books"), "id-1");
  CHECK(response.status == 409);
  CHECK(header(response, "Content-Type") == "application/problem+json");
  CHECK(header(response, "Retry-After").empty());
  CHECK(json::parse(response.body) == json::value({{"type", "about:blank"},
                                                   {"title", "This conflicts with the present state"},
                                                   {"status", 409},
                                                   {"code", "books.closed"},
                                                   {"correlation_id", "id-1"}}));
}

TEST_CASE("a problem that waiting helps says how long") {
  CHECK(header(problem_response(Problem(503, "x.away", "", 7), "i"), "Retry-After") == "7");
}

TEST_CASE("members of a problem are told, but never in place of the host's own") {
  const json::object members{{"errors", json::array{{{"pointer", "/name"}, {"code", "required"}}}},
                             {"status", 200},
                             {"code", "fine"},
                             {"correlation_id", "mine"},
                             {"title", "All is well"},
                             {"type", "https://evil.test"}};
  const auto document =
      json::parse(problem_response(Problem(422, "request.invalid", "", 0, members), "id-1").body).as_object();
  CHECK(document.size() == 6);
  CHECK(document.at("errors").at(0).at("pointer") == "/name");
  CHECK(document.at("status") == 422);
  CHECK(document.at("code") == "request.invalid");
  CHECK(document.at("correlation_id") == "id-1");
  CHECK(document.at("title") == "Some fields need attention");
  CHECK(document.at("type") == "about:blank");
}

TEST_CASE("a document is JSON whatever stands in it") {
  const std::string odd = "a\"\\\n\x01";
  CHECK(json::parse(problem_response(Problem(400, odd), odd).body).at("code") == json::value(odd));
}

TEST_CASE("every status has a title, and an unknown one that of its kind") {
  for (const int status :
       {400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 422, 429, 431, 502, 503, 504}) {
    INFO(status);
    CHECK(problem_title(status) != problem_title(418));
    CHECK(problem_title(status) != problem_title(599));
  }
  CHECK(problem_title(418) == "The request cannot be served");
  CHECK(problem_title(599) == "Something went wrong on our side");
}
