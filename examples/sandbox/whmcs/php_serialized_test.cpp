// What PHP's unserialize takes and what it may not be given.
#include "examples/sandbox/whmcs/php_serialized.hpp"

#include <catch2/catch.hpp>

namespace sandbox::whmcs {

TEST_CASE("serialized arrays are read as PHP reads them") {
  const auto flat = read_custom_fields("YToxOntpOjc7czoxMDoiWsO8cmljaC0wMSI7fQ==");
  CHECK(flat.at(7) == "Zürich-01");
  const auto nested =
      read_options("YToyOntpOjQ7aToxMjtpOjk7YToyOntzOjg6Im9wdGlvbmlkIjtpOjMxO3M6MzoicXR5IjtpOjU7fX0=");
  CHECK(nested.at(4) == 12);
  CHECK(nested.at(9) == 5);
  CHECK(read_custom_fields("YTowOnt9").empty());
  const auto mixed = read_php_serialized(R"(a:5:{i:1;N;s:1:"2";b:1;i:3;d:9.5;s:1:"x";s:3:"a"b";i:1;b:0;})");
  CHECK(mixed.entries.size() == 4);  // the second 1 is the first one again
  CHECK(mixed.find("2")->text == "1");
  CHECK(mixed.find("3")->text == "9.5");
  CHECK(mixed.find("x")->text == "a\"b");
}

TEST_CASE("what is no serialized array of scalars and arrays is refused") {
  const char* rows[] = {"",
                        "i:1;",
                        "a:1:{i:1;O:8:\"stdClass\":0:{}}",
                        "a:1:{i:1;C:1:\"x\":0:{}}",
                        "a:2:{i:1;i:2;}",
                        "a:1:{i:1;i:2;i:3;i:4;}",
                        "a:-1:{}",
                        "a:1:{i:1;s:9:\"short\";}",
                        "a:1:{i:1;s:-1:\"\";}",
                        "a:1:{b:1;i:2;}",
                        "a:0:{}x",
                        "a:1:{i:1;b:7;}",
                        "a:1:{i:99999999999999999999;i:1;}",
                        "a:1:{i:1;d:;}"};
  for (const auto* text : rows) {
    INFO(text);
    CHECK_THROWS_AS(read_php_serialized(text), std::runtime_error);
  }
  CHECK_THROWS_AS(read_base64_serialized("%%%%"), std::runtime_error);
  std::string deep;
  for (int i = 0; i < 9; ++i) deep += "a:1:{i:0;";
  deep += "i:1;" + std::string(9, '}');
  CHECK_THROWS_AS(read_php_serialized(deep), std::runtime_error);
  std::string many = "a:600:{";
  for (int i = 0; i < 600; ++i) many += "i:" + std::to_string(i) + ";i:1;";
  CHECK_THROWS_AS(read_php_serialized(many + "}"), std::runtime_error);
}

}  // namespace sandbox::whmcs
