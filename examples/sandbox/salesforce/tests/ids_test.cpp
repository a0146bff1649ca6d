// Ids, times and numbers, from the tables of the reference.
#include "examples/sandbox/salesforce/ids.hpp"

#include <catch2/catch.hpp>

#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/multipart.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

TEST_CASE("the last three characters of an id tell which of the others are upper case") {
  struct Row {
    const char *id, *check;
  };
  const auto row = GENERATE(values<Row>({{"0014H00002LbR7Q", "QAV"},
                                         {"00558000000yFyD", "AAU"},
                                         {"a21AU000000FSC5", "YAO"},
                                         {"500000000000001", "AAA"}}));
  const std::string whole = std::string(row.id) + row.check;
  CHECK(long_id(row.id) == whole);
  CHECK(normal_id(row.id) == whole);
  CHECK(normal_id(whole) == whole);
  std::string shouted = whole;
  for (char& c : shouted)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  CHECK(normal_id(shouted) == whole);
}

TEST_CASE("what is no id is none") {
  for (const char* text : {"", "001", "0014H00002LbR7", "0014H00002LbR7Q1", "0014H00002LbR7!",
                           "0014H00002LbR7QQA!", "0014H00002LbR7Q999"})
    CHECK_FALSE(normal_id(text));
  CHECK(make_id("500", 61) < make_id("500", 62));
}

TEST_CASE("date times are read in every form clients send and printed in one") {
  for (const char* text :
       {"2024-05-06T07:08:09Z", "2024-05-06T07:08:09.000+0000", "2024-05-06T07:08:09+00:00",
        "2024-05-06T16:08:09+09:00", "2024-05-05T21:08:09-1000"})
    CHECK(datetime_text(read_datetime(text).value()) == "2024-05-06T07:08:09.000+0000");
  CHECK(datetime_text(read_datetime("2024-05-06T07:08:09.1234Z").value()) == "2024-05-06T07:08:09.123+0000");
  for (const char* text :
       {"", "2024-05-06", "2024-02-30T00:00:00Z", "2024-05-06T24:00:00Z", "2024-05-06T07:08:09",
        "2024-05-06T07:08:09.Z", "2024-05-06T07:08:09+9", "2024-05-06 07:08:09Z"})
    CHECK_FALSE(read_datetime(text));
}

TEST_CASE("doubles are printed with decimals and whole numbers without") {
  CHECK(write_json(json::array{8.0, 8.5, 8, -0.25, nullptr, "ü\n"}) == "[8.0,8.5,8,-0.25,null,\"ü\\n\"]");
  CHECK(write_json(json::object{{"a", json::array{}}, {"b", 1}}, true) == "{\n  \"a\" : [],\n  \"b\" : 1\n}");
}

TEST_CASE("base64 is read in both alphabets, and refused when it is none") {
  const std::string bytes("\x00\xff\xfe?>", 5);
  CHECK(read_base64(base64(bytes)) == bytes);
  CHECK(read_base64(base64url(bytes)) == bytes);
  CHECK(base64url(bytes).find_first_of("+/=") == std::string::npos);
  for (const char* text : {"A", "AA=A", "A===", "a b!"}) CHECK_FALSE(read_base64(text));
}

TEST_CASE("the parts of a multipart body are found by name, in any order") {
  const std::string body =
      "--x\r\nContent-Disposition: form-data; name=\"VersionData\"; filename=\"a.txt\"\r\n"
      "Content-Type: text/plain\r\n\r\nline\r\n--y\r\n--x\r\n"
      "Content-Disposition: form-data; name=\"ContentVersion\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--x--\r\n";
  const auto parts = read_multipart("multipart/form-data; boundary=x", body);
  REQUIRE(parts);
  REQUIRE(parts->size() == 2);
  CHECK(parts->at(0).name == "VersionData");
  CHECK(parts->at(0).bytes == "line\r\n--y");
  CHECK(parts->at(1).content_type == "application/json");
  CHECK(parts->at(1).bytes == "{}");
  CHECK_FALSE(read_multipart("multipart/form-data", body));
  CHECK_FALSE(read_multipart("multipart/form-data; boundary=x", body.substr(0, body.size() - 20)));
}

TEST_CASE("every error is found by its row's name, and its text can be filled in") {
  int rows = 0;
  for (auto kind = Err::kSessionExpired; kind <= Err::kNotSupported;
       kind = static_cast<Err>(static_cast<int>(kind) + 1)) {
    ++rows;
    const auto& row = row_of(kind);
    CHECK(row.kind == kind);
    CHECK(find_row(row.name) == &row);
    CHECK(row.status >= 400);
    const int a = 1, b = 2, c = 3;
    CHECK_NOTHROW(refusal(kind, a, b, c));
  }
  CHECK(rows == 51);
  CHECK(find_row("REQUEST_LIMIT_EXCEEDED")->name == "daily_limit");
  CHECK(find_row("nothing") == nullptr);
}

}  // namespace sandbox::salesforce
