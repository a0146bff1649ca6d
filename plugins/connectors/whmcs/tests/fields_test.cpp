// Every shape the reference lists, and refusal of what it does not.
#include "client/fields.hpp"

#include <catch2/catch.hpp>
#include <portico/contract.hpp>

#include "client/decimal.hpp"
#include "client/entities.hpp"

using whmcs::BadReply;
using whmcs::Fields;

namespace {

struct Json {
  explicit Json(std::string_view text) : value(portico::parse_json(text)) {}
  Fields fields() const { return Fields(value.get_object()); }
  boost::json::value value;
};

std::string ids(const std::vector<Fields>& rows) {
  std::string out;
  for (const auto& row : rows) out += std::to_string(row.integer("id")) + " ";
  return out;
}

}  // namespace

TEST_CASE("a nested list is read in all its shapes") {
  struct Row {
    const char* rule;
    const char* json;
    const char* ids;
  };
  const Row rows[] = {
      {"array", R"({"clients":{"client":[{"id":1},{"id":2}]}})", "1 2 "},
      {"single object", R"({"clients":{"client":{"id":1}}})", "1 "},
      {"keyed by numbers", R"({"clients":{"client":{"0":{"id":1},"1":{"id":2}}}})", "1 2 "},
      {"keyed by numbers with a gap", R"({"clients":{"client":{"3":{"id":1},"10":{"id":2}}}})", "1 2 "},
      {"inner empty text", R"({"clients":{"client":""}})", ""},
      {"inner empty array", R"({"clients":{"client":[]}})", ""},
      {"inner empty object", R"({"clients":{"client":{}}})", ""},
      {"inner null", R"({"clients":{"client":null}})", ""},
      {"outer empty text", R"({"clients":""})", ""},
      {"outer empty array", R"({"clients":[]})", ""},
      {"outer empty object", R"({"clients":{}})", ""},
      {"outer null", R"({"clients":null})", ""},
      {"missing", R"({})", ""},
      {"outer array of rows", R"({"clients":[{"id":1},{"id":2}]})", "1 2 "},
      {"outer keyed by numbers", R"({"clients":{"0":{"id":1}}})", "1 "},
      {"outer single row", R"({"clients":{"id":7}})", "7 "},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const Json json(row.json);
    CHECK(ids(json.fields().list("clients", "client")) == row.ids);
  }
  for (const char* json : {R"({"clients":"none"})", R"({"clients":5})", R"({"clients":{"client":[1]}})",
                           R"({"clients":{"client":{"0":"x"}}})", R"({"clients":{"client":true}})"}) {
    INFO(json);
    const Json parsed(json);
    CHECK_THROWS_AS(parsed.fields().list("clients", "client"), BadReply);
  }
}

TEST_CASE("a whole number is read as number or text and nothing else") {
  struct Row {
    const char* json;
    std::optional<std::int64_t> number;
  };
  const Row good[] = {{R"({"n":418})", 418},
                      {R"({"n":"418"})", 418},
                      {R"({"n":-1})", -1},
                      {R"({"n":"0"})", 0},
                      {R"({"n":4471902236})", 4471902236},
                      {R"({"n":""})", {}},
                      {R"({"n":null})", {}},
                      {R"({})", {}}};
  for (const auto& row : good) {
    INFO(row.json);
    CHECK(Json(row.json).fields().integer_if("n") == row.number);
  }
  for (const char* json :
       {R"({"n":1.5})", R"({"n":"1.0"})", R"({"n":" 1"})", R"({"n":"1x"})", R"({"n":"0x1"})", R"({"n":true})",
        R"({"n":[]})", R"({"n":"99999999999999999999"})", R"({"n":99999999999999999999})"}) {
    INFO(json);
    const Json parsed(json);
    CHECK_THROWS_AS(parsed.fields().integer_if("n"), BadReply);
  }
  const Json empty("{}");
  CHECK_THROWS_AS(empty.fields().integer("n"), BadReply);
}

TEST_CASE("yes and no are read in all spellings") {
  for (const char* json : {"true", "1", "\"1\"", "\"on\"", "\"true\"", "\"True\"", "\"yes\""}) {
    INFO(json);
    CHECK(Json(std::string("{\"f\":") + json + "}").fields().flag("f"));
  }
  for (const char* json : {"false", "0", "\"0\"", "\"\"", "\"off\"", "\"false\"", "\"no\"", "null"}) {
    INFO(json);
    CHECK_FALSE(Json(std::string("{\"f\":") + json + "}").fields().flag("f"));
  }
  CHECK_FALSE(Json("{}").fields().flag("f"));
  for (const char* json : {"2", "\"maybe\"", "[]", "0.5"}) {
    INFO(json);
    const Json parsed(std::string("{\"f\":") + json + "}");
    CHECK_THROWS_AS(parsed.fields().flag("f"), BadReply);
  }
}

TEST_CASE("dates lose their time; zero dates are none") {
  struct Row {
    const char* json;
    std::optional<std::string> date;
  };
  const Row rows[] = {{"\"2025-06-11\"", "2025-06-11"},
                      {"\"2025-06-11 09:20:41\"", "2025-06-11"},
                      {"\"2024-02-29\"", "2024-02-29"},
                      {"\"0000-00-00\"", {}},
                      {"\"0000-00-00 00:00:00\"", {}},
                      {"\"\"", {}},
                      {"null", {}},
                      {"0", {}},
                      {"\"0\"", {}}};
  for (const auto& row : rows) {
    INFO(row.json);
    CHECK(Json(std::string("{\"d\":") + row.json + "}").fields().date("d") == row.date);
  }
  for (const char* json :
       {"\"11/06/2025\"", "\"2025-02-30\"", "\"2025-13-01\"", "\"2025-6-1\"", "\"2025-06-11x\"",
        "\"yesterday\"", "\"0000-01-01\"", "\"2025-06-1 \"", "20250611"}) {
    INFO(json);
    const Json parsed(std::string("{\"d\":") + json + "}");
    CHECK_THROWS_AS(parsed.fields().date("d"), BadReply);
  }
}

TEST_CASE("money is exact, and rounded only to digits that the currency has not") {
  struct Row {
    const char* text;
    int digits;
    std::optional<std::int64_t> minor;
  };
  const Row rows[] = {{"15.95", 2, 1595},
                      {"-8.67", 2, -867},
                      {"0.00", 2, 0},
                      {"-0.00", 2, 0},
                      {"1980.00", 0, 1980},
                      {"1980", 0, 1980},
                      {"1980.50", 0, 1981},
                      {"1980.49", 0, 1980},
                      {"-1980.50", 0, -1981},
                      {"-0.40", 0, 0},
                      {"9223372036854775807.5", 0, {}},
                      {"0.29", 2, 29},
                      {"1.005", 3, 1005},
                      {"1.50", 3, 1500},
                      {"15.9", 2, 1590},
                      {"15", 2, 1500},
                      {"15.950", 2, 1595},
                      {"15.955", 2, 1596},
                      {"15.9549", 2, 1595},
                      {"92233720368547758.07", 2, 9223372036854775807},
                      {"92233720368547758.08", 2, {}},
                      {"99999999999999999999", 0, {}},
                      {"", 2, {}},
                      {"-", 2, {}},
                      {".5", 2, {}},
                      {"5.", 2, {}},
                      {"+5.00", 2, {}},
                      {"1,250.00", 2, {}},
                      {"1e3", 2, {}},
                      {"$5.00", 2, {}},
                      {" 5.00", 2, {}},
                      {"--5", 2, {}},
                      {"5.0.0", 2, {}}};
  for (const auto& row : rows) {
    INFO(row.text << " with " << row.digits);
    CHECK(whmcs::minor_units(row.text, row.digits) == row.minor);
  }
  CHECK(Json(R"({"m":"1980.00"})").fields().money("m", "JPY") == 1980);
  CHECK(Json(R"({"m":"116.75"})").fields().money("m", "CHF") == 11675);
  CHECK(Json(R"({"m":0})").fields().money("m", "CHF") == 0);
  CHECK(Json(R"({"m":"123.40"})").fields().money("m", "JPY") == 123);
  for (const char* json : {R"({"m":15.95})", R"({"m":""})", R"({})", R"({"m":null})"}) {
    INFO(json);
    const Json parsed(json);
    CHECK_THROWS_AS(parsed.fields().money("m", "JPY"), BadReply);
  }
}

TEST_CASE("a tax rate keeps what counts") {
  struct Row {
    const char* text;
    std::optional<std::string> rate;
  };
  const Row rows[] = {{"8.100", "8.1"}, {"10.000", "10.0"}, {"10", "10.0"}, {"0.000", {}}, {"0", {}},
                      {"", {}},         {"7.725", "7.725"}, {"-1.000", {}}, {"x", {}}};
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(whmcs::rate_percent(row.text) == row.rate);
  }
}

TEST_CASE("entities are decoded once") {
  struct Row {
    const char* escaped;
    const char* text;
  };
  const Row rows[] = {{"O&#039;Brien &amp; S&ouml;hne", "O'Brien & S&ouml;hne"},
                      {"&lt;b&gt;&quot;x&quot;&apos;", "<b>\"x\"'"},
                      {"&amp;lt;", "&lt;"},
                      {"&amp;amp;#39;", "&amp;#39;"},
                      {"&#x5C71;&#30000;", "山田"},
                      {"&#x1F600;", "\xF0\x9F\x98\x80"},
                      {"&#0;&#8;&#xD800;&#x110000;&#128;", "&#0;&#8;&#xD800;&#x110000;&#128;"},
                      {"&#;&#x;&;&", "&#;&#x;&;&"},
                      {"&#12a;", "&#12a;"},
                      {"AT&T; R&D", "AT&T; R&D"},
                      {"&amp &lt", "&amp &lt"},
                      {"&#00000000000065;", "&#00000000000065;"},
                      {"&#10;", "\n"},
                      {"", ""}};
  for (const auto& row : rows) {
    INFO(row.escaped);
    CHECK(whmcs::decode_entities(row.escaped) == row.text);
  }
}

TEST_CASE("text loses carriage returns and control bytes, and takes numbers as written") {
  CHECK(Json(R"({"t":"a\r\nb\rc\u0000d\u007fe\tf"})").fields().text("t") == "a\nb\nc d e\tf");
  CHECK(Json(R"({"t":4057})").fields().text("t") == "4057");
  CHECK(Json(R"({"t":null})").fields().text("t").empty());
  CHECK(Json(R"({})").fields().text("t").empty());
  CHECK(Json(R"({"t":"\u82b1\u5b50"})").fields().text("t") == "花子");
  CHECK(Json(R"({"t":""})").fields().text_if("t") == std::nullopt);
  for (const char* json : {R"({"t":1.5})", R"({"t":[]})", R"({"t":{}})", R"({"t":true})"}) {
    INFO(json);
    const Json parsed(json);
    CHECK_THROWS_AS(parsed.fields().text("t"), BadReply);
  }
}
