// Small readers: ids, base64, times, numbers; answers of all shapes.
#include <catch2/catch.hpp>
#include <portico/contract.hpp>

#include "client/base64.hpp"
#include "client/ids.hpp"
#include "client/multipart.hpp"
#include "client/text.hpp"
#include "tests/scripted.hpp"

using namespace salesforce;
namespace json = boost::json;

TEST_CASE("ids get their check characters, and wrong ones are refused") {
  const std::pair<const char*, const char*> rows[] = {{"0014H00002LbR7Q", "0014H00002LbR7QQAV"},
                                                      {"00558000000yFyD", "00558000000yFyDAAU"},
                                                      {"a21AU000000FSC5", "a21AU000000FSC5YAO"},
                                                      {"500000000000001", "500000000000001AAA"}};
  for (const auto& [half, whole] : rows) {
    CHECK(full_id(half) == whole);
    CHECK(full_id(whole) == whole);
  }
  CHECK(full_id("0014H00002LbR7Qqav") == "0014H00002LbR7QQAV");
  CHECK_FALSE(full_id("0014H00002LbR7QQAA"));
  CHECK_FALSE(full_id("0014H00002LbR7"));
  CHECK_FALSE(full_id("0014H00002LbR7'"));
  CHECK_FALSE(full_id("500000000000001AAA", "001"));
}

TEST_CASE("base64 goes there and back, and takes nothing else") {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string("ab"), std::string("abc"),
                                   std::string("\0\xff\x10", 3), std::string(1000, '\xfe')})
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
  CHECK(base64_encode("ab") == "YWI=");
  CHECK(base64url_encode("\xfb\xff") == "-_8");
  CHECK(base64url_decode("-_8") == "\xfb\xff");
  CHECK(base64url_decode("").value().empty());
  for (const char* text : {"-_8=", "+/8", "-_9", "A", "AAAAA", "A A"}) CHECK_FALSE(base64url_decode(text));
  for (const char* text : {"YWI", "YW=I", "YWJ=", "YQ=a", "Y===", "YW I=", "-_8=", "===="})
    CHECK_FALSE(base64_decode(text));
}

TEST_CASE("values are read by their types, and nothing of another type passes") {
  const auto value = portico::parse_json(
      R"({"Id":"500000000000001","Text":"a\u0001b\nc","Null":null,"Empty":"","Yes":true,"Double":8.5,"Day":"2024-05-06",
          "Time":"2024-05-06T07:08:09.000+0000","East":"2024-05-06T01:08:09.123+09:00","Many":"A;B;;C","Big":1e300,
          "Parent":{"Name":"x"},"Rows":{"totalSize":1,"done":true,"records":[{"Name":"y"}]},"List":[1],"BadDay":"2024-02-30",
          "BadTime":"2024-05-06T25:08:09Z","Late":"9999-12-31T23:59:59-1400","Minus":-1})");
  const Record record(value.as_object());
  CHECK(record.id("Id") == "500000000000001AAA");
  CHECK(record.text("Text") == "a b\nc");
  CHECK(record.text("Null").empty());
  CHECK_FALSE(record.text_if("Empty"));
  CHECK(record.flag("Yes"));
  CHECK_FALSE(record.flag("Null"));
  CHECK(record.money("Double", "JPY") == 9);
  CHECK(record.money("Double", "USD") == 850);
  CHECK(record.date("Day") == "2024-05-06");
  CHECK(record.time("Time") == "2024-05-06T07:08:09Z");
  CHECK(record.time("East") == "2024-05-05T16:08:09Z");
  CHECK(record.choices("Many") == std::vector<std::string>{"A", "B", "C"});
  CHECK(record.parent("Parent")->text("Name") == "x");
  CHECK_FALSE(record.parent("Null"));
  CHECK(record.children("Rows").size() == 1);
  CHECK(record.children("Null").empty());
  const std::pair<const char*, std::function<void()>> bad[] = {
      {"Gone is missing", [&] { record.text("Gone"); }},
      {"Yes is no text", [&] { record.text("Yes"); }},
      {"Text is no id", [&] { record.id("Text"); }},
      {"Null is no id", [&] { record.id("Null"); }},
      {"Text is neither true nor false", [&] { record.flag("Text"); }},
      {"Text is no number", [&] { record.number_if("Text"); }},
      {"Big is a number too large", [&] { record.number_if("Big"); }},
      {"Minus is less than nothing", [&] { record.count("Minus"); }},
      {"BadDay is no date", [&] { record.date("BadDay"); }},
      {"Time is no date", [&] { record.date("Time"); }},
      {"BadTime is no time", [&] { record.time("BadTime"); }},
      {"Day is no time", [&] { record.time("Day"); }},
      {"Late is no time", [&] { record.time("Late"); }},
      {"Text is no record", [&] { record.parent("Text"); }},
      {"List is no list of records", [&] { record.children("List"); }}};
  for (const auto& [what, read] : bad) CHECK(code_of(read) == std::string("BAD ") + what);
}

TEST_CASE("an answer is done, declined, down or nonsense") {
  const std::string good = R"({"id":"500000000000001AAA","success":true,"errors":[]})";
  const std::tuple<int, std::string, const char*> rows[] = {
      {200, good, "done"},
      {201, good, "done"},
      {204, "", "done"},
      {200, "<html>", "nonsense"},
      {200, R"({"a":1,"a":2})", "nonsense"},
      {200, R"({"a":)", "nonsense"},
      {302, "", "nonsense"},
      {300, R"(["/a","/b"])", "declined MULTIPLE_CHOICES"},
      {400, R"([{"message":"m","errorCode":"MALFORMED_QUERY"}])", "declined MALFORMED_QUERY"},
      {400, R"([])", "nonsense"},
      {400, R"({"error":"x"})", "nonsense"},
      {400, R"([{"message":"m","errorCode":"not a code"}])", "nonsense"},
      {400, R"([{"message":"m"}])", "nonsense"},
      {400, R"([7])", "nonsense"},
      {403, "", "nonsense"},
      {414, "<html>", "declined URI_TOO_LONG"},
      {420, "", "down"},
      {500, R"([{"message":"m","errorCode":"UNKNOWN_EXCEPTION"}])", "down"},
      {503, "<html>", "down"}};
  for (const auto& [status, body, expected] : rows) {
    INFO(status << " " << body);
    const auto verdict = read_reply(status, body);
    std::string seen = std::holds_alternative<Done>(verdict)   ? "done"
                       : std::holds_alternative<Down>(verdict) ? "down"
                                                               : "nonsense";
    if (const auto* declined = std::get_if<Declined>(&verdict))
      seen = "declined " + declined->reasons.at(0).code;
    CHECK(seen == expected);
  }
  CHECK(std::holds_alternative<Nonsense>(read_reply(200, std::string((8 << 20) + 1, ' '))));
}

TEST_CASE("of a page only a locator is taken from its address") {
  const auto locator = [](const std::string& next) {
    return read_rows(portico::parse_json(fmt::format(
                         R"({{"totalSize":3000,"done":false,"records":[],"nextRecordsUrl":"{}"}})", next)))
        .locator;
  };
  CHECK(locator("/services/data/v60.0/query/01gD0000002HU6KIAW-2000") == "01gD0000002HU6KIAW-2000");
  CHECK(locator("https://evil.example/query/01gD0000002HU6KIAW-2000") == "01gD0000002HU6KIAW-2000");
  for (const char* next : {"", "/query/", "/query/a?b=c", "/query/a%2Fb", "/query/..", "//evil.example"})
    CHECK(code_of([&] { locator(next); }).starts_with("BAD nextRecordsUrl"));
  for (const char* page :
       {R"([])", R"({"totalSize":1,"done":true})", R"({"totalSize":1,"done":true,"records":[1]})",
        R"({"totalSize":"1","done":true,"records":[]})", R"({"totalSize":1,"records":[]})"})
    CHECK(code_of([&] { read_rows(portico::parse_json(page)); }).starts_with("BAD"));
}

TEST_CASE("the log gets codes and fields, and no text that may quote a person") {
  const std::vector<Reason> reasons{
      {"STRING_TOO_LONG", "Subject: data value too large: my secret", {"Subject"}},
      {"INVALID_FIELD", "\nFROM Case WHERE Subject = 'secret'\n ^\nNo such column 'Foo'", {}}};
  CHECK(for_log(reasons) == "STRING_TOO_LONG [Subject]; INVALID_FIELD: No such column 'Foo'");
  CHECK(short_line("a\nb\x01") == "a b ");
  CHECK(short_line(std::string(299, 'a') + "東").size() == 299);
}

TEST_CASE("a file goes up with its fields, and its name stays in its quotes") {
  const auto parts = multipart_of(R"({"Title":"a"})", "VersionData", "a\"b\r\nX: y.txt", "BYTES", "frontier");
  CHECK(parts.content_type == "multipart/form-data; boundary=\"frontier\"");
  CHECK(parts.body ==
        "--frontier\r\nContent-Disposition: form-data; name=\"entity_content\"\r\nContent-Type: "
        "application/json\r\n\r\n{\"Title\":\"a\"}\r\n--frontier\r\nContent-Disposition: form-data; "
        "name=\"VersionData\"; filename=\"a_b__X: y.txt\"\r\nContent-Type: "
        "application/octet-stream\r\n\r\nBYTES\r\n--frontier--\r\n");
}
