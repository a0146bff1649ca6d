// Parts of files: what the Range field means, and the answers that carry parts.
#include "kernel/front/ranges.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "kernel/front/static_files.hpp"
#include "kernel/front/tests/front_fixture.hpp"

using namespace kernel::front;
using namespace kernel::front::test;

TEST_CASE("a Range field names a part, nothing there, or means the whole") {
  using Kind = Range::Kind;
  struct Row {
    const char* field;
    Kind kind;
    std::size_t from, size;
  };
  const Row rows[] = {
      {"bytes=0-0", Kind::part, 0, 1},
      {"bytes=2-4", Kind::part, 2, 3},
      {"BYTES=2-4", Kind::part, 2, 3},
      {"bytes= 2-4 ", Kind::part, 2, 3},
      {"bytes=7-", Kind::part, 7, 3},
      {"bytes=7-999", Kind::part, 7, 3},
      {"bytes=0-99999999999999999999999", Kind::part, 0, 10},
      {"bytes=-3", Kind::part, 7, 3},
      {"bytes=-10", Kind::part, 0, 10},
      {"bytes=-999999999999999999999", Kind::part, 0, 10},
      {"bytes=9-9", Kind::part, 9, 1},
      {"bytes=10-", Kind::unsatisfiable, 0, 0},
      {"bytes=10-20", Kind::unsatisfiable, 0, 0},
      {"bytes=99999999999999999999999-", Kind::unsatisfiable, 0, 0},
      {"bytes=-0", Kind::unsatisfiable, 0, 0},
      {"bytes=0-1,3-4", Kind::whole, 0, 0},
      {"bytes=0-0,0-0,0-0,0-0", Kind::whole, 0, 0},
      {"bytes=4-2", Kind::whole, 0, 0},
      {"bytes=", Kind::whole, 0, 0},
      {"bytes=-", Kind::whole, 0, 0},
      {"bytes=--1", Kind::whole, 0, 0},
      {"bytes=+1-2", Kind::whole, 0, 0},
      {"bytes=1-+2", Kind::whole, 0, 0},
      {"bytes=0x1-2", Kind::whole, 0, 0},
      {"bytes=1 - 2", Kind::whole, 0, 0},
      {"bytes 1-2", Kind::whole, 0, 0},
      {"lines=1-2", Kind::whole, 0, 0},
      {"", Kind::whole, 0, 0},
  };
  for (const Row& row : rows) {
    INFO(row.field);
    const Range range = read_range(row.field, 10);
    CHECK(range.kind == row.kind);
    CHECK(range.from == row.from);
    CHECK(range.size == row.size);
  }
  CHECK(read_range("bytes=0-", 0).kind == Kind::unsatisfiable);
  CHECK(read_range("bytes=-1", 0).kind == Kind::unsatisfiable);
}

TEST_CASE("If-Range holds for the same strong tag alone") {
  CHECK(if_range_holds("\"a\"", "\"a\""));
  CHECK(if_range_holds(" \"a\" ", "\"a\""));
  CHECK_FALSE(if_range_holds("\"b\"", "\"a\""));
  CHECK_FALSE(if_range_holds("W/\"a\"", "\"a\""));
  CHECK_FALSE(if_range_holds("W/\"a\"", "W/\"a\""));
  CHECK_FALSE(if_range_holds("Sat, 29 Oct 1994 19:43:31 GMT", "\"a\""));
  CHECK_FALSE(if_range_holds("", "\"a\""));
}

TEST_CASE(
    "a part of a file is sent with 206, of the coding that was chosen, and put together it is the file") {
  char name[] = "/tmp/portico-ranges-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  std::string large;
  for (int i = 0; i < 20'000; ++i) large += std::to_string(i) + ' ';
  std::ofstream(folder / "a.txt") << large;
  std::ofstream(folder / "a.txt.gz") << "0123456789";
  StaticFiles files;
  files.mount("/", folder);
  std::filesystem::remove_all(folder);
  const auto ask = [&](std::string method, std::vector<std::pair<const char*, std::string>> fields) {
    Request request;
    request.method = std::move(method);
    for (const auto& [field, value] : fields) request.headers.add(field, value);
    return *files.answer(request, "/a.txt");
  };
  const auto field_of = [](const Response& response, std::string_view field) {
    return std::string(response.headers.find(field).value_or(""));
  };
  const auto whole = ask("GET", {});
  CHECK(whole.status == 200);
  CHECK(whole.head_fragment->find("Accept-Ranges: bytes\r\n") != std::string::npos);
  const auto tag_at = whole.head_fragment->find("ETag: ") + 6;
  const auto tag = whole.head_fragment->substr(tag_at, whole.head_fragment->find('\r', tag_at) - tag_at);

  const auto size = std::to_string(large.size());
  const auto first = ask("GET", {{"Range", "bytes=0-50000"}});
  const auto second = ask("GET", {{"Range", "bytes=50001-"}, {"If-Range", tag}});
  CHECK(first.status == 206);
  CHECK(second.status == 206);
  CHECK(field_of(first, "Content-Range") == "bytes 0-50000/" + size);
  CHECK(std::string(first.content()) + std::string(second.content()) == large);
  CHECK(ask("GET", {{"Range", "bytes=-4"}}).content() == large.substr(large.size() - 4));

  const auto coded = ask("GET", {{"Range", "bytes=2-4"}, {"Accept-Encoding", "gzip"}});
  CHECK(coded.status == 206);
  CHECK(coded.content() == "234");
  CHECK(field_of(coded, "Content-Range") == "bytes 2-4/10");

  const auto beyond = ask("GET", {{"Range", "bytes=" + size + "-"}});
  CHECK(beyond.status == 416);
  CHECK(beyond.content().empty());
  CHECK(field_of(beyond, "Content-Range") == "bytes */" + size);
  CHECK_FALSE(beyond.head_fragment);

  CHECK(ask("GET", {{"Range", "bytes=0-1,5-6"}}).status == 200);
  CHECK(ask("GET", {{"Range", "bytes=0-1,5-6"}}).content() == large);
  CHECK(ask("GET", {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).content() == large);
  CHECK(ask("GET", {{"Range", "bytes=0-1"}, {"If-None-Match", tag}}).status == 304);
  CHECK(ask("HEAD", {{"Range", "bytes=0-1"}}).status == 200);
}

TEST_CASE("a large part of a shared body arrives whole over a socket, between other answers") {
  const auto bytes = std::make_shared<const std::string>([] {
    std::string text;
    for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + ' ';
    return text;
  }());
  Front front(
      quick_settings(),
      [&](Exchange exchange) {
        Response response;
        response.shared_body = bytes;
        if (exchange.request().path == "/part") response.slice = {1'000, 1'500'000};
        if (exchange.request().path == "/small") response.slice = {5, 10};
        exchange.answer(std::move(response));
      },
      {}, render);
  front.start();
  RawClient client(front.port());
  client.send(get("/part") + get("/small") + get("/whole"));
  CHECK(client.receive().body == bytes->substr(1'000, 1'500'000));
  CHECK(client.receive().body == bytes->substr(5, 10));
  CHECK(client.receive().body == *bytes);
}
