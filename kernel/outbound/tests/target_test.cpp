// What may be sent where: base URLs, settings, paths, methods and headers.
#include "kernel/outbound/target.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace kernel::outbound;

namespace {

std::string settings_code(const UpstreamSettings& settings) {
  try {
    check_settings(settings);
    return "";
  } catch (const portico::Problem& p) {
    return p.code;
  }
}

bool accepts(const Request& request) {
  try {
    check_request(request);
    return true;
  } catch (const CallProblem& p) {
    CHECK(p.code == "upstream.bad_request");
    CHECK(p.status == 500);
    CHECK(!p.may_have_been_sent);
    return false;
  }
}

Request with_path(std::string path) {
  Request r;
  r.path = std::move(path);
  return r;
}

}  // namespace

TEST_CASE("a base URL is taken apart") {
  CHECK(parse_base_url("http://Host.Example:8080/ledger/").base == "http://host.example:8080/ledger");
  CHECK(parse_base_url("HTTPS://host.example").base == "https://host.example");
  CHECK(parse_base_url("https://host.example/").tls);
  CHECK(parse_base_url("http://[::1]:80/x").host == "[::1]");
  CHECK(parse_base_url("http://127.0.0.1:65535").host == "127.0.0.1");
}

TEST_CASE("a base URL that could lead elsewhere is refused") {
  for (const char* url :
       {"", "host.example", "ftp://host", "file:///etc/passwd", "http://", "http:///x", "http://user:pw@host",
        "http://host?x=1", "http://host#x", "http://ho st", "http://host:0", "http://host:99999",
        "http://host:8x", "http://host:", "http://[::1", "http://[zz]/", "http://host/a/../b",
        "http://host\\evil", "http://h\xc3\xb6st"}) {
    INFO(url);
    UpstreamSettings s;
    s.name = "x";
    s.base_url = url;
    CHECK(settings_code(s) == "upstream.settings");
  }
}

TEST_CASE("the base URL's host must be an allowed one") {
  UpstreamSettings s;
  s.name = "x";
  s.base_url = "https://Billing.Example/api";
  CHECK(settings_code(s).empty());
  s.allowed_hosts = {"other.example"};
  CHECK(settings_code(s) == "upstream.settings");
  s.allowed_hosts = {"other.example", "billing.EXAMPLE"};
  CHECK(settings_code(s).empty());
}

TEST_CASE("settings out of range are refused") {
  UpstreamSettings good;
  good.name = "x";
  good.base_url = "http://host";
  const std::vector<std::function<void(UpstreamSettings&)>> spoilers{
      [](auto& s) { s.name = ""; },
      [](auto& s) { s.name = "Bad Name"; },
      [](auto& s) { s.lanes.clear(); },
      [](auto& s) { s.lanes["standard"].concurrency = 0; },
      [](auto& s) { s.lanes["standard"].queue = -1; },
      [](auto& s) { s.timeout = std::chrono::milliseconds(0); },
      [](auto& s) { s.body_limit = 0; },
      [](auto& s) { s.read_attempts = 4; },
      [](auto& s) { s.breaker.failure_share = 0; },
      [](auto& s) { s.breaker.slow_after = std::chrono::milliseconds(0); },
      [](auto& s) { s.breaker.slow_share = 1.1; },
      [](auto& s) { s.breaker.open_longest = std::chrono::milliseconds(1); },
  };
  CHECK(settings_code(good).empty());
  for (std::size_t i = 0; i < spoilers.size(); ++i) {
    INFO(i);
    UpstreamSettings s = good;
    spoilers[i](s);
    CHECK(settings_code(s) == "upstream.settings");
  }
}

TEST_CASE("a path cannot leave the base URL") {
  for (const char* path :
       {"", "/", "/includes/api.php?x=1&y=%20", "/a//b", "/a.b/..c/...", "//evil.example/", "/@evil"}) {
    INFO(path);
    CHECK(accepts(with_path(path)));
  }
  for (const char* path :
       {"x", "@evil.example/", ".evil.example", ":81/", "/../x", "/a/..", "/.", "/a/%2e%2E/b", "/a/.%2e",
        "/..%2fetc", "/a%5c..%5cb", "/..;x/", "/a b", "/a\r\nX: y", "/a#b", "/a\\b", "/\x7f", "/\xc3\xa9"}) {
    INFO(path);
    CHECK(!accepts(with_path(path)));
  }
  CHECK(accepts(with_path("/x?next=/../y")));  // a query is not a path
}

TEST_CASE("methods and headers are checked before they become bytes") {
  Request r;
  for (const char* method : {"", "GE T", "CONNECT", "TRACE", "GET\r\n"}) {
    r.method = method;
    CHECK(!accepts(r));
  }
  r.method = "GET";
  r.body = "x";
  CHECK(!accepts(r));
  r.method = "POST";
  CHECK(accepts(r));
  const std::vector<std::pair<std::string, std::string>> refused{
      {"Host", "evil"},
      {"content-length", "5"},
      {"Transfer-Encoding", "chunked"},
      {"Connection", "close"},
      {"Proxy-X", "1"},
      {"X", "a\r\nY: b"},
      {"X", std::string("a\0b", 3)},
      {"X Y", "1"},
      {"X:", "1"},
      {"", "1"},
      {"Expect", "100-continue"},
  };
  for (const auto& header : refused) {
    INFO(header.first);
    r.headers = {header};
    CHECK(!accepts(r));
  }
  r.headers = {{"Authorization", "Bearer x"}, {"X-Empty", ""}, {"X-Text", "caf\xc3\xa9 \t ok"}};
  CHECK(accepts(r));
}
