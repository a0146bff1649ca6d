// What Avro bytes say, and that hostile ones are refused.
#include "events/avro.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

using namespace salesforce::events;

namespace {

constexpr auto kRequested =
    R"({"type":"record","name":"Order_Fulfilment_Requested__e","namespace":"com.sforce.eventbus","fields":[
 {"name":"CreatedDate","type":"long","doc":"CreatedDate:DateTime"},
 {"name":"CreatedById","type":"string","doc":"CreatedBy:EntityId"},
 {"name":"Order_Id__c","type":["null","string"],"doc":"Data:Text:00N000000000001","default":null},
 {"name":"Order_Number__c","type":["null","string"],"doc":"Data:Text:00N000000000002","default":null},
 {"name":"Line_Count__c","type":["null","double"],"doc":"Data:Double:00N000000000003","default":null},
 {"name":"Requested_At__c","type":["null","long"],"doc":"Data:DateTime:00N000000000004","default":null}]})";

std::string from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

/// A schema with one field "f" of that type.
AvroSchema of(const std::string& type) {
  return AvroSchema::parse(R"({"type":"record","name":"T","fields":[{"name":"f","type":)" + type + "}]}");
}

std::string refusal(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const portico::Problem& problem) {
    CHECK(problem.code == "crm.event_unreadable");
    return problem.detail;
  }
  return "taken";
}

}  // namespace

TEST_CASE("an event reads as another writer wrote it") {
  const auto schema = AvroSchema::parse(kRequested);
  CHECK(schema.name() == "Order_Fulfilment_Requested__e");
  const auto event = schema.decode(from_hex(
      "80a0abfef962243030353030303030303030303030314141410224383031303030303030303030303031414141000200000"
      "000000008400280a0abfef962"));
  CHECK(
      boost::json::serialize(event) ==
      R"({"CreatedDate":1700000000000,"CreatedById":"005000000000001AAA","Order_Id__c":"801000000000001AAA",)"
      R"("Order_Number__c":null,"Line_Count__c":3E0,"Requested_At__c":1700000000000})");
}

TEST_CASE("each type reads") {
  const struct {
    const char *type, *bytes, *json;
  } rows[] = {
      {R"("null")", "", "null"},
      {R"("boolean")", "01", "true"},
      {R"("int")", "01", "-1"},
      {R"("int")", "ffffffff0f", "-2147483648"},
      {R"("long")", "feffffffffffffffff01", "9223372036854775807"},
      {R"("long")", "ffffffffffffffffff01", "-9223372036854775808"},
      {R"("float")", "0000c03f", "1.5E0"},
      {R"("double")", "000000000000f87f", "null"},
      {R"("string")", "06e38182", "\"\u3042\""},
      {R"("bytes")", "04ff00", "\"ff00\""},
      {R"({"type":"fixed","name":"F","size":2})", "abcd", "\"abcd\""},
      {R"({"type":"enum","name":"E","symbols":["A","B"]})", "02", "\"B\""},
      {R"({"type":"array","items":"int"})", "040204020200", "[1,2,1]"},
      {R"({"type":"array","items":"int"})", "0304020400", "[1,2]"},
      {R"({"type":"map","values":"int"})", "0202610200", R"({"a":1})"},
      {R"(["null",{"type":"record","name":"P","fields":[{"name":"x","type":"int"}]}])", "0202", R"({"x":1})"},
  };
  for (const auto& row : rows) {
    INFO(row.type << " " << row.bytes);
    std::string found;
    try {
      found = boost::json::serialize(of(row.type).decode(from_hex(row.bytes)).at("f"));
    } catch (const portico::Problem& problem) {
      found = problem.detail;
    }
    CHECK(found == row.json);
  }
}

TEST_CASE("bytes that are not of the schema are refused") {
  const struct {
    const char *rule, *type, *bytes;
  } rows[] = {
      {"nothing", R"("int")", ""},
      {"bytes left over", R"("int")", "0202"},
      {"a boolean of 2", R"("boolean")", "02"},
      {"an int of 33 bits", R"("int")", "8080808020"},
      {"a number of 65 bits", R"("long")", "ffffffffffffffffff03"},
      {"a number that does not end", R"("long")", "ffffffffffffffffffffff"},
      {"a text longer than the bytes", R"("string")", "0861"},
      {"a text of the greatest length", R"("string")", "feffffffffffffffff01"},
      {"a text of a negative length", R"("string")", "0161"},
      {"a text that is not UTF-8", R"("string")", "02ff"},
      {"a text of an overlong form", R"("string")", "04c080"},
      {"a surrogate", R"("string")", "06eda080"},
      {"a double cut off", R"("double")", "00000000"},
      {"a symbol that is not there", R"({"type":"enum","name":"E","symbols":["A"]})", "02"},
      {"a branch that is not there", R"(["null","int"])", "04"},
      {"a negative branch", R"(["null","int"])", "01"},
      {"an array of 2^62 nulls", R"({"type":"array","items":"null"})", "feffffffffffffff7f00"},
      {"a block of the least number", R"({"type":"array","items":"null"})", "ffffffffffffffffff010000"},
      {"an array of a million nulls", R"({"type":"array","items":"null"})", "80897a00"},
      {"an array without its end", R"({"type":"array","items":"int"})", "0202"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK(refusal([&] { of(row.type).decode(from_hex(row.bytes)); }) != "taken");
  }
}

TEST_CASE("a record within itself ends at a depth, not with the stack") {
  const auto schema =
      AvroSchema::parse(R"({"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]})");
  CHECK(boost::json::serialize(schema.decode(from_hex("020200"))) == R"({"next":{"next":{"next":null}}})");
  CHECK(refusal([&] { schema.decode(std::string(100'000, '\x02')); }) == "too deep");
  const auto endless =
      AvroSchema::parse(R"({"type":"record","name":"L","fields":[{"name":"next","type":"L"}]})");
  CHECK(refusal([&] { endless.decode(""); }) == "too deep");
}

TEST_CASE("schemas that are none are refused") {
  std::string deep = "\"int\"";
  for (int i = 0; i < 100; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  const std::string rows[] = {
      "",
      "null",
      "\"int\"",
      "[]",
      "{}",
      R"({"type":"record"})",
      R"({"type":"record","name":"T"})",
      R"({"type":"record","name":"T","fields":[{"name":"f"}]})",
      R"({"type":"record","name":"T","fields":[{"name":"f","type":"unheard"}]})",
      R"({"type":"record","name":"T","fields":[{"name":"f","type":[]}]})",
      R"({"type":"record","name":"T","fields":[{"name":"f","type":"int"},{"name":"f","type":"int"}]})",
      R"({"type":"record","name":"T","fields":[{"name":"f","type":{"type":"fixed","name":"F","size":-1}}]})",
      R"({"type":"record","name":"T","fields":[{"name":"f","type":)" + deep + "}]}",
  };
  for (const auto& text : rows) {
    INFO(text.substr(0, 100));
    CHECK(refusal([&] { AvroSchema::parse(text); }) != "taken");
  }
}

TEST_CASE("a type is known by its short and its full name") {
  const auto schema = AvroSchema::parse(
      R"({"type":"record","name":"T","namespace":"a.b","fields":[)"
      R"({"name":"x","type":{"type":"enum","name":"E","symbols":["A"]}},{"name":"y","type":"E"},{"name":"z","type":"a.b.E"}]})");
  CHECK(boost::json::serialize(schema.decode(std::string(3, '\0'))) == R"({"x":"A","y":"A","z":"A"})");
}
