// The scenarios of scenarios.json on the test host; conformance.mjs runs the same ones on the real host.
#include <catch2/catch.hpp>
#include <fstream>
#include <portico/testkit.hpp>
#include <sstream>

namespace json = boost::json;
using portico::testkit::Browser;
using portico::testkit::Reply;

namespace {

json::array scenarios() {
  std::ostringstream text;
  text << std::ifstream(SCENARIOS).rdbuf();
  return json::parse(text.str()).as_array();
}

std::string text_of(const json::object& row, const char* key, const char* fallback = "") {
  const auto* value = row.if_contains(key);
  return value ? std::string(value->as_string()) : fallback;
}

Reply send(portico::testkit::TestHost& host, const json::object& row) {
  Browser browser;
  browser.language = text_of(row, "language", "en");
  return host.send(browser, {text_of(row, "method"),
                             text_of(row, "target"),
                             text_of(row, "body"),
                             text_of(row, "content_type", "application/json"),
                             {}});
}

}  // namespace

TEST_CASE("the test host answers each scenario as the real host does") {
  portico::testkit::TestHost host;
  host.load();
  const auto rows = scenarios();
  CHECK(rows.size() > 40);
  for (const auto& one : rows) {
    const auto& row = one.as_object();
    INFO(text_of(row, "rule"));
    const auto reply = send(host, row);
    CHECK(reply.status == row.at("status").as_int64());
    if (row.contains("code")) CHECK(reply.code == text_of(row, "code"));
    if (row.contains("text")) CHECK(reply.body == text_of(row, "text"));
    if (row.contains("json")) CHECK(reply.json() == row.at("json"));
    if (row.contains("errors")) CHECK(reply.json().at("errors") == row.at("errors"));
    if (row.contains("members"))
      for (const auto& member : row.at("members").as_object())
        CHECK(reply.json().at(member.key()) == member.value());
    if (row.contains("headers"))
      for (const auto& header : row.at("headers").as_object())
        CHECK(reply.header(header.key()) == header.value().as_string());
  }
}
