// Accept-Encoding, If-None-Match, and gzip of dynamic answers.
#include "kernel/front/negotiation.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>

#include "kernel/front/answer_head.hpp"
#include "kernel/front/bytes.hpp"
#include "kernel/front/compression.hpp"

using namespace kernel::front;

namespace {

std::string gunzip(const std::string& packed) {
  z_stream stream{};
  REQUIRE(::inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string text(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  CHECK(::inflate(&stream, Z_FINISH) == Z_STREAM_END);
  text.resize(stream.total_out);
  ::inflateEnd(&stream);
  return text;
}

Request accepting(const std::string& codings) {
  Request request;
  if (!codings.empty()) request.headers.add("Accept-Encoding", codings);
  return request;
}

Response json(const std::string& body) {
  Response response;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = body;
  response.compression = Compression::allowed;
  return response;
}

std::string header(const Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or(""));
}

}  // namespace

TEST_CASE("the coding with the highest weight is chosen") {
  struct Row {
    std::string accept;
    Offer offer;
    Coding coding;
  };
  const Offer both{.gzip = true, .brotli = true};
  const std::vector<Row> rows = {
      {"", both, Coding::identity},
      {"gzip, deflate, br, zstd", both, Coding::brotli},
      {"gzip, deflate, br", {.gzip = true}, Coding::gzip},
      {"gzip, deflate, br", {}, Coding::identity},
      {"br;q=0.5, gzip;q=0.9", both, Coding::gzip},
      {"br;q=0, gzip", both, Coding::gzip},
      {"BR ; Q=0.9 , GZIP;q=0.8", both, Coding::brotli},
      {"*", both, Coding::brotli},
      {"*;q=0", both, Coding::identity},
      {"*;q=0.5, br;q=0", both, Coding::gzip},
      {"identity;q=1, gzip;q=0.5", both, Coding::identity},
      {"identity;q=0.5, gzip;q=0.5", both, Coding::gzip},
      {"gzip;q=1.5", both, Coding::identity},
      {"gzip;q=abc", both, Coding::identity},
      {"gzip;q=0.001", both, Coding::gzip},
      {"x-gzip", both, Coding::gzip},
      {"gzip;q=0, br;q=0, identity;q=0", both, Coding::identity},
  };
  for (const Row& row : rows) {
    INFO(row.accept);
    CHECK(choose_coding(accepting(row.accept).headers, row.offer) == row.coding);
  }
}

TEST_CASE("If-None-Match names an entity tag weakly, by list, or by asterisk") {
  CHECK(matches_entity_tag("\"a\"", "\"a\""));
  CHECK(matches_entity_tag("\"x\", W/\"a\"", "\"a\""));
  CHECK(matches_entity_tag("*", "\"a\""));
  CHECK(matches_entity_tag("\"a\"", "W/\"a\""));
  CHECK_FALSE(matches_entity_tag("\"b\"", "\"a\""));
  CHECK_FALSE(matches_entity_tag("a", "\"a\""));
  CHECK_FALSE(matches_entity_tag("", "\"a\""));
}

TEST_CASE("an answer that may be compressed is, when client, size and type agree") {
  const std::string text(4000, 'a');
  Response response = json(text);
  response.headers.add("ETag", "\"1\"");
  compress(accepting("gzip"), response);
  CHECK(header(response, "Content-Encoding") == "gzip");
  CHECK(header(response, "Vary") == "Accept-Encoding");
  CHECK(header(response, "ETag") == "W/\"1\"");
  CHECK(response.content().size() < 100);
  CHECK(gunzip(std::string(response.content())) == text);
}

TEST_CASE("a gzip that somebody keeps is sent as it is, and only to who accepts it") {
  const std::string text(4000, 'a');
  Response response = json(text);
  response.gzipped = std::make_shared<const std::string>("kept");
  Response other = response;
  compress(accepting("gzip"), response);
  CHECK(response.content() == "kept");
  CHECK(header(response, "Content-Encoding") == "gzip");
  compress(accepting("gzip;q=0"), other);
  CHECK(other.content() == text);
}

TEST_CASE("an answer stays as it is when compressing it would be wrong or useless") {
  const std::string text(4000, 'a');
  const auto stays = [](const Request& request, Response response) {
    const std::string before(response.content());
    compress(request, response);
    return response.content() == before &&
           header(response, "Content-Encoding").find("gzip") == std::string::npos;
  };
  Response secret = json(text);
  secret.compression = Compression::never;
  CHECK(stays(accepting("gzip"), secret));
  CHECK(stays(accepting(""), json(text)));
  CHECK(stays(accepting("gzip;q=0"), json(text)));
  CHECK(stays(accepting("br"), json(text)));
  CHECK(stays(accepting("gzip"), json(std::string(kWorthCompressing, 'a'))));
  Response image = json(text);
  image.headers = {{"Content-Type", "image/png"}};
  CHECK(stays(accepting("gzip"), image));
  Response coded = json(text);
  coded.headers.add("Content-Encoding", "br");
  CHECK(stays(accepting("gzip"), coded));
}

TEST_CASE("the types that shrink are known") {
  for (const char* type :
       {"text/html; charset=utf-8", "application/json", "application/problem+json", "image/svg+xml"}) {
    CHECK(is_compressible(type));
  }
  for (const char* type : {"text/event-stream", "image/png", "application/octet-stream", ""}) {
    CHECK_FALSE(is_compressible(type));
  }
}

TEST_CASE("a head carries what it must and nothing a handler may not decide") {
  Response response;
  response.status = 201;
  response.headers = {
      {"Content-Type", "text/plain"}, {"content-length", "99"}, {"Connection", "upgrade"}, {"Date", "x"}};
  response.head_fragment = std::make_shared<const std::string>("X-Ready: made\r\n");
  response.body = "hello";
  std::string out;
  append_head(out, response, {.close = true, .http_1_0 = false, .date_line = "Date: D\r\n"});
  CHECK(
      out ==
      "HTTP/1.1 201 Created\r\nDate: D\r\nContent-Type: text/plain\r\nX-Ready: made\r\nContent-Length: 5\r\n"
      "Connection: close\r\n\r\n");
  response.status = 304;
  out.clear();
  append_head(out, response, {.close = false, .http_1_0 = true, .date_line = ""});
  CHECK(out ==
        "HTTP/1.1 304 Not Modified\r\nContent-Type: text/plain\r\nX-Ready: made\r\nConnection: "
        "keep-alive\r\n\r\n");
  CHECK(DateLine().at(784111777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

TEST_CASE("a field value is judged by each of its bytes, wherever it stands") {
  for (std::size_t size = 1; size < 20; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (int byte = 0; byte < 256; ++byte) {
        std::string value(size, 'a');
        value[at] = static_cast<char>(byte);
        const bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
        if (is_field_value(value) != allowed) FAIL("byte " << byte << " at " << at << " of " << size);
      }
  SUCCEED();
}

TEST_CASE("an answer that would split or mislead is not sendable") {
  Response response;
  CHECK(is_sendable(response));
  response.headers = {{"Location", "/a\r\nSet-Cookie: evil=1"}};
  CHECK_FALSE(is_sendable(response));
  response.headers = {{"Bad Name", "1"}};
  CHECK_FALSE(is_sendable(response));
  response.headers = {};
  response.status = 101;
  CHECK_FALSE(is_sendable(response));
}
