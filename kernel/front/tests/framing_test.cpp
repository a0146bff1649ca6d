// Request framing: the probes in every cut, limits at their edges, what an accepted request looks like.
#include "kernel/front/framing.hpp"

#include <catch2/catch.hpp>

#include "kernel/front/tests/framing_probes.hpp"
#include "kernel/front/tests/transcript.hpp"

using namespace kernel::front;
using namespace kernel::front::test;

namespace {

int status_of(const Transcript& transcript) {
  return transcript.refusal ? answer_to(*transcript.refusal).status : 200;
}

Transcript whole(const std::string& bytes, const Limits& limits = {}) {
  return run(bytes, {}, false, limits);
}

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("each of the 45 probes gets its answer") {
  REQUIRE(probes().size() == 45);
  for (const Probe& probe : probes()) {
    INFO(probe.name);
    const Transcript transcript = run(probe.bytes, {}, probe.then_close);
    CHECK(status_of(transcript) == probe.status);
    REQUIRE(transcript.requests.size() == (probe.status == 200 ? 1U : 0U));
    if (probe.status == 200) CHECK(transcript.parsed[0].body == probe.body);
  }
}

TEST_CASE("a probe cut in two at any byte, or into single bytes, gets the same answer") {
  for (const Probe& probe : probes()) {
    INFO(probe.name);
    const Transcript expected = run(probe.bytes, {}, probe.then_close);
    bool same = true;
    for (std::size_t cut = 1; cut < probe.bytes.size() && same; ++cut) {
      INFO("cut at " << cut);
      same = run(probe.bytes, {cut}, probe.then_close) == expected;
      CHECK(same);
    }
    CHECK(run(probe.bytes, every_byte(probe.bytes.size()), probe.then_close) == expected);
  }
}

TEST_CASE("a request behind a probe is answered as itself or not at all, however the bytes are cut") {
  for (const Probe& probe : probes()) {
    INFO(probe.name);
    const std::string stream = probe.bytes + kCanary;
    const Transcript transcript = run(stream, {}, false);
    if (probe.status == 200) {
      REQUIRE(transcript.parsed.size() == 2);
      CHECK(transcript.parsed[1].target == "/canary");
    } else {
      // What the peer would have closed after may take it in as the rest of a body.
      if (!probe.then_close) CHECK(transcript.requests.empty());
      for (const Request& request : transcript.parsed) CHECK(request.target != "/canary");
    }
    bool same = true;
    for (std::size_t cut = 1; cut < stream.size() && same; ++cut) {
      INFO("cut at " << cut);
      same = run(stream, {cut}, false) == transcript;
      CHECK(same);
    }
    CHECK(run(stream, every_byte(stream.size()), false) == transcript);
  }
}

TEST_CASE("a limit lets its last byte pass and refuses the next") {
  Limits limits;
  limits.request_line = 64;
  limits.target = 32;
  limits.header_block = 128;
  limits.fields = 4;
  limits.field_name = 20;
  limits.field_value = 40;
  limits.body = 10;
  limits.chunk_extension = 8;
  limits.chunk_extensions_total = 12;
  const auto line = [](std::size_t size) {
    return "GET /" + std::string(size - 16, 'p') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  const auto block = [](std::size_t size) {
    const std::string fields =
        "Host: a\r\nX-A: " + std::string(38, '1') + "\r\nX-B: " + std::string(38, '2') + "\r\n";
    const std::size_t rest = size - fields.size() - 7 - 2;
    return "GET / HTTP/1.1\r\n" + fields + "X-C: " + std::string(rest, '3') + "\r\n\r\n";
  };
  const auto chunks = [](const std::string& body) {
    return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
  };
  Limits wide_target = limits;
  wide_target.target = 64;

  struct Row {
    std::string rule;
    std::string bytes;
    int status;
    Limits limits;
  };
  const std::vector<Row> rows = {
      {"request line at the limit", line(64), 200, wide_target},
      {"request line over the limit", line(65), 414, wide_target},
      {"target at the limit", get("/" + std::string(31, 'p')), 200, limits},
      {"target over the limit", get("/" + std::string(32, 'p')), 414, limits},
      {"header block at the limit", block(128), 200, limits},
      {"header block over the limit", block(129), 431, limits},
      {"number of fields at the limit", get("/", "A: 1\r\nB: 2\r\nC: 3\r\n"), 200, limits},
      {"number of fields over the limit", get("/", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"), 431, limits},
      {"field name at the limit", get("/", std::string(20, 'n') + ": 1\r\n"), 200, limits},
      {"field name over the limit", get("/", std::string(21, 'n') + ": 1\r\n"), 431, limits},
      {"field value at the limit", get("/", "A:" + std::string(40, 'v') + "\r\n"), 200, limits},
      {"field value over the limit", get("/", "A:" + std::string(41, 'v') + "\r\n"), 431, limits},
      {"counted body at the limit", post("Content-Length: 10\r\n", "0123456789"), 200, limits},
      {"counted body over the limit", post("Content-Length: 11\r\n", ""), 413, limits},
      {"chunked body at the limit", chunks("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), 200, limits},
      {"chunked body over the limit", chunks("5\r\n01234\r\n6\r\n"), 413, limits},
      {"chunk far over the limit", chunks("ffffffffffffffff\r\n"), 413, limits},
      {"chunk that makes the sum wrap", chunks("3\r\nabc\r\nfffffffffffffffd\r\n"), 413, limits},
      {"chunk size of 17 digits", chunks("00000000000000001\r\n"), 400, limits},
      {"escaped quote in an extension", chunks("1;a=\"\\\"b\"\r\na\r\n0\r\n\r\n"), 200, limits},
      {"chunk extension at the limit", chunks("1;abcdef\r\na\r\n0\r\n\r\n"), 200, limits},
      {"chunk extension over the limit", chunks("1;abcdefgh\r\na\r\n0\r\n\r\n"), 400, limits},
      {"chunk extensions over their sum", chunks("1;abcdef\r\na\r\n1;abcdef\r\na\r\n0\r\n\r\n"), 400, limits},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    const Transcript transcript = whole(row.bytes, row.limits);
    CHECK(status_of(transcript) == row.status);
    CHECK_FALSE(transcript.waiting);
    CHECK(run(row.bytes, every_byte(row.bytes.size()), false, row.limits) == transcript);
  }
}

TEST_CASE("an endless line is refused before its end") {
  CHECK(status_of(whole("GET /" + std::string(9000, 'a'))) == 414);
  CHECK(status_of(whole("GET / HTTP/1.1\r\nHost: a\r\nX-A: " + std::string(9000, 'a'))) == 431);
  CHECK(status_of(whole(std::string("\x16\x03\x01\x02", 4))) == 400);  // a TLS greeting on a plain port
}

TEST_CASE("heads are refused for what they say") {
  struct Row {
    std::string rule;
    std::string bytes;
    Refusal refusal;
  };
  const std::vector<Row> rows = {
      {"unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::method_unknown},
      {"methods are case-sensitive", "get / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::method_unknown},
      {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::method_unknown},
      {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::method_unknown},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", Refusal::version_unknown},
      {"version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", Refusal::malformed_request_line},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::malformed_request_line},
      {"tab for space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::malformed_request_line},
      {"no version", "GET /\r\nHost: a\r\n\r\n", Refusal::malformed_request_line},
      {"empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::malformed_request_line},
      {"byte over 127 in the target", "GET /\xe3\x81\x82 HTTP/1.1\r\nHost: a\r\n\r\n",
       Refusal::malformed_request_line},
      {"fragment", get("/a#b"), Refusal::malformed_target},
      {"target without slash", get("a"), Refusal::malformed_target},
      {"asterisk with GET", get("*"), Refusal::malformed_target},
      {"dot segment", get("/a/../b"), Refusal::malformed_target},
      {"encoded dot segment", get("/a/%2e%2E/b"), Refusal::malformed_target},
      {"single dot segment", get("/./a"), Refusal::malformed_target},
      {"encoded NUL", get("/a%00"), Refusal::malformed_target},
      {"bad escape", get("/a%4g"), Refusal::malformed_target},
      {"cut escape", get("/a%4"), Refusal::malformed_target},
      {"overlong UTF-8", get("/%c0%ae"), Refusal::malformed_target},
      {"authority that is not the host", get("http://b/x"), Refusal::malformed_target},
      {"foreign scheme", get("ftp://a/x"), Refusal::malformed_target},
      {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", Refusal::malformed_host},
      {"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Refusal::malformed_host},
      {"host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Refusal::malformed_host},
      {"host with a bad port", "GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n", Refusal::malformed_host},
      {"host with a port of six digits", "GET / HTTP/1.1\r\nHost: a:080808\r\n\r\n", Refusal::malformed_host},
      {"empty brackets for a host", "GET / HTTP/1.1\r\nHost: []\r\n\r\n", Refusal::malformed_host},
      {"brackets that go on", "GET / HTTP/1.1\r\nHost: [::1]x80\r\n\r\n", Refusal::malformed_host},
      {"no host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", Refusal::malformed_host},
      {"equal lengths twice", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
       Refusal::malformed_length},
      {"coding before length", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "abc"),
       Refusal::malformed_length},
      {"length with 16 digits", post("Content-Length: 0000000000000003\r\n", "abc"),
       Refusal::malformed_length},
      {"coding behind a strange byte",
       post("Transfer-Encoding: \xa0"
            "chunked\r\n",
            "0\r\n\r\n"),
       Refusal::malformed_transfer_coding},
      {"coding behind a vertical tab",
       post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       Refusal::malformed_header},
      {"chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
       Refusal::malformed_transfer_coding},
      {"empty name", get("/", ": 1\r\n"), Refusal::malformed_header},
      {"delete byte in a value", get("/", "A: 1\x7f\r\n"), Refusal::malformed_header},
      {"unknown expectation", post("Expect: 200-ok\r\nContent-Length: 1\r\n", "a"),
       Refusal::expectation_unknown},
      {"trailer", chunked("0\r\nX-T: 1\r\n\r\n"), Refusal::malformed_chunk},
      {"empty chunk size", chunked("\r\n\r\n"), Refusal::malformed_chunk},
      {"chunk size with underscore", chunked("0_2e\r\n"), Refusal::malformed_chunk},
      {"chunk size with plus", chunked("+3\r\nabc\r\n"), Refusal::malformed_chunk},
      {"space before an extension", chunked("3 ;x\r\nabc\r\n"), Refusal::malformed_chunk},
      {"line end in a quoted extension", chunked("3;x=\"\r\nabc\r\n"), Refusal::malformed_chunk},
      {"lone CR after data", chunked("3\r\nabc\r0\r\n\r\n"), Refusal::malformed_chunk},
      {"another byte for the LF of a size", chunked("3\rXabc\r\n0\r\n\r\n"), Refusal::malformed_chunk},
      {"another byte for the CR after data", chunked("3\r\nabcX\n0\r\n\r\n"), Refusal::malformed_chunk},
      {"another byte for the LF after data", chunked("3\r\nabc\rX0\r\n\r\n"), Refusal::malformed_chunk},
      {"another byte for the last CR", chunked("0\r\nX\n"), Refusal::malformed_chunk},
      {"another byte for the last LF", chunked("0\r\n\rX"), Refusal::malformed_chunk},
      {"extension without a name", chunked("3;=x\r\nabc\r\n0\r\n\r\n"), Refusal::malformed_chunk},
      {"control byte in quotes", chunked("3;x=\"\x01\"\r\nabc\r\n"), Refusal::malformed_chunk},
      {"escaped control byte in quotes", chunked("3;x=\"\\\x01\"\r\nabc\r\n"), Refusal::malformed_chunk},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    const Transcript transcript = whole(row.bytes);
    REQUIRE(transcript.refusal.has_value());
    CHECK(answer_to(*transcript.refusal).code == answer_to(row.refusal).code);
    CHECK(transcript.requests.empty());
    CHECK(run(row.bytes, every_byte(row.bytes.size()), false) == transcript);
  }
}

TEST_CASE("bytes of the smuggling families are refused wherever they stand around a coding or a length") {
  using namespace std::string_literals;
  for (const char c : "\x01\x04\x08\x09\x0a\x0b\x0c\x0d\x1f\x20\x7f\xa0\xff"s) {
    for (const std::string& field : {"Transfer-Encoding: chunked"s, "Content-Length: 3"s}) {
      const auto colon = field.find(':');
      const std::vector<std::string> places = {
          std::string(1, c) + field,
          field.substr(0, 5) + c + field.substr(5),
          field.substr(0, colon) + c + field.substr(colon),
          field.substr(0, colon + 1) + c + field.substr(colon + 1),
          field + c,
          field.substr(0, colon + 3) + c + field.substr(colon + 3),
      };
      for (std::size_t place = 0; place < places.size(); ++place) {
        INFO("byte " << static_cast<int>(static_cast<unsigned char>(c)) << ", place " << place << ", "
                     << field);
        const bool is_trimmed = c == ' ' && (place == 3 || place == 4 || (place == 5 && field.back() == '3'));
        const std::string stream = post(places[place] + "\r\n", "") + "3\r\nabc\r\n0\r\n\r\n" + kCanary;
        const Transcript transcript = whole(stream);
        for (const Request& request : transcript.parsed) {
          if (request.target == "/canary") CHECK(is_trimmed);
        }
        if (!is_trimmed) CHECK((transcript.refusal.has_value() && transcript.requests.empty()));
      }
    }
  }
}

TEST_CASE("an accepted request is what was sent") {
  const Transcript transcript = whole(
      "POST http://Portal.example:8080/a%20b/c%2Fd?x=1&y=%3F HTTP/1.1\r\nhost: portal.EXAMPLE:8080\r\n"
      "X-Note:\t two words  \r\nX-Empty:\r\nConnection: Foo, close\r\nContent-Length: 2\r\n\r\nhi");
  REQUIRE(transcript.parsed.size() == 1);
  const Request& request = transcript.parsed[0];
  CHECK(request.method == "POST");
  CHECK(request.path == "/a%20b/c%2Fd");
  CHECK(request.query == "x=1&y=%3F");
  CHECK(request.minor_version == 1);
  CHECK_FALSE(request.keep_alive);
  CHECK(request.body == "hi");
  REQUIRE(request.headers.size() == 5);
  CHECK(request.headers.find("x-NOTE") == "two words");
  CHECK(request.headers.find("X-Empty") == "");
  CHECK_FALSE(request.headers.find("X-Missing"));
}

TEST_CASE("the connection stays open by version and by what the client says") {
  const auto keeps = [](const std::string& version, const std::string& fields) {
    return whole("GET / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n").parsed.at(0).keep_alive;
  };
  CHECK(keeps("1.1", ""));
  CHECK_FALSE(keeps("1.1", "Connection: close\r\n"));
  CHECK_FALSE(keeps("1.0", ""));
  CHECK(keeps("1.0", "Connection: keep-alive\r\n"));
  CHECK_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: keep-alive\r\nConnection: CLOSE\r\n"));
}

TEST_CASE("a route decides its body limit when the head is there") {
  const BodyLimit by_path = [](const Head& head) -> std::uint64_t { return head.path == "/upload" ? 8 : 2; };
  const auto status = [&](const std::string& path) {
    return status_of(run("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde", {}, false,
                         {}, by_path));
  };
  CHECK(status("/upload") == 200);
  CHECK(status("/other") == 413);
}

TEST_CASE("a claimed length takes no memory before its bytes are there") {
  const Limits limits;
  const BodyLimit none;
  RequestFramer framer(limits, none);
  Request request;
  std::size_t consumed = 0;
  const std::string head = post("Content-Length: " + std::to_string(limits.body) + "\r\n", "");
  CHECK(framer.feed(head, consumed, request) == RequestFramer::Step::need_more);
  CHECK(request.body.capacity() < limits.body / 2);
}

TEST_CASE("a client that expects 100 Continue is known until it sends its body") {
  const Limits limits;
  const BodyLimit none;
  RequestFramer framer(limits, none);
  Request request;
  std::size_t consumed = 0;
  CHECK_FALSE(framer.started());
  const std::string head = post("Expect: 100-continue\r\nContent-Length: 2\r\n", "");
  CHECK(framer.feed(head, consumed, request) == RequestFramer::Step::need_more);
  CHECK(consumed == head.size());
  CHECK(framer.awaits_continue());
  CHECK(framer.feed("a", consumed, request) == RequestFramer::Step::need_more);
  CHECK_FALSE(framer.awaits_continue());
  CHECK(framer.feed("b", consumed, request) == RequestFramer::Step::complete);
  CHECK(request.body == "ab");
  CHECK_FALSE(framer.started());
}
