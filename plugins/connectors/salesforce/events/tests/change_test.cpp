// Change events: bitmaps name fields, headers become what the portal is told.
#include "events/change.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

#include "events/meaning.hpp"

using namespace salesforce::events;
namespace crm = portico::crm;

namespace {

/// Header, plain fields f1 … f9, field 3 compound.
AvroSchema schema() {
  std::string fields = R"({"name":"ChangeEventHeader","type":"int"})";
  for (int i = 1; i < 10; ++i) {
    const auto name = "f" + std::to_string(i);
    fields +=
        R"(,{"name":")" + name + R"(","type":)" +
        (i == 3
             ? R"(["null",{"type":"record","name":"P","fields":[{"name":"A","type":"int"},{"name":"B","type":"int"}]}])"
             : R"(["null","string"])") +
        "}";
  }
  return AvroSchema::parse(R"({"type":"record","name":"T","fields":[)" + fields + "]}");
}

using Names = std::vector<std::string>;

struct Told final : Announcer {
  void announce(portico::Transaction&, const crm::FulfilmentRequested&) override {}
  void announce(portico::Transaction&, const crm::RecordsChanged&) override {}
  void announce(portico::Transaction&, const crm::EventsMissed&) override {}
};

}  // namespace

TEST_CASE("bitmaps name fields") {
  const struct {
    Names maps, names;
  } rows[] = {
      {{}, {}},
      {{"0x0240"}, {"f6", "f9"}},
      {{"0x0240", "3-0x02"}, {"f6", "f9", "f3.B"}},
      {{"0x01"}, {"ChangeEventHeader"}},
      {{"0xFFFF0000"}, {}},
      {{"0x2"}, {"f1"}},
      {{"0x0a"}, {"f1", "f3"}},
      {{"99-0x01"}, {}},
      {{"1-0x01"}, {}},
  };
  for (const auto& row : rows) CHECK(named_by(schema(), row.maps) == row.names);
}

TEST_CASE("what is no bitmap is refused") {
  for (const std::string map :
       {"", "0x", "0240", "0xZZ", "x-0x01", "-0x01", "3-", "3-02", "99999999999999999999999-0x01"}) {
    INFO(map);
    CHECK_THROWS_AS(named_by(schema(), {map}), portico::Problem);
  }
  CHECK_THROWS_AS(named_by(schema(), {"0x" + std::string(10'000, 'F')}), portico::Problem);
}

TEST_CASE("a header says what happened") {
  const auto event = boost::json::parse(
      R"({"ChangeEventHeader":{"entityName":"Case","recordIds":["500000000000001AAA"],"changeType":"UPDATE",
          "changeOrigin":"com/salesforce/api/rest/60.0;client=portal","commitTimestamp":1700000000000,
          "changedFields":["0x0240"],"nulledFields":["0x0040"]}})");
  const auto change = change_of(schema(), event.as_object());
  REQUIRE(change);
  CHECK(change->entity == "Case");
  CHECK(change->record_ids == Names{"500000000000001AAA"});
  CHECK(change->changed == Names{"f6", "f9"});
  CHECK(change->nulled == Names{"f6"});
  CHECK(change->commit_ms == 1'700'000'000'000);
  CHECK_FALSE(change_of(schema(), {}));
  CHECK_THROWS_AS(change_of(schema(), {{"ChangeEventHeader", 1}}), portico::Problem);
}

TEST_CASE("events that cannot be read are poison with a reason, whatever their bytes") {
  Told told;
  const auto fulfilment = AvroSchema::parse(
      R"({"type":"record","name":"T","fields":[{"name":"Order_Id__c","type":["null","string"]}]})");
  const auto read = [&](std::string payload, const AvroSchema* with) {
    return read_event({"event-1", "schema-1", std::move(payload), "replay"}, with, {}, told);
  };
  CHECK(read(std::string("\x02\x06"
                         "801",
                         5),
             &fulfilment)
            .poison.empty());
  CHECK(read(std::string("\x02\x06"
                         "801",
                         5),
             &fulfilment)
            .effect);
  CHECK(read("", nullptr).poison == "nobody knows its schema");
  CHECK(read("\xff", &fulfilment).poison != "");
  CHECK(read(std::string(1, '\0'), &fulfilment).poison == "it names no order: Order_Id__c");
  CHECK(read(std::string("\x02\x02\x00", 3), &fulfilment).poison != "");  // an order called NUL
  CHECK_FALSE(read("\xff", &fulfilment).effect);
}

TEST_CASE("an event without an id of its own is known by its place") {
  CHECK(identity_of({"e-1", "", "", "x"}) == "e-1");
  CHECK(identity_of({"", "", "", std::string("\x00\xff", 2)}) == "at-00ff");
  CHECK(identity_of({std::string("a\0b", 3), "", "", "x"}) == "at-78");
  CHECK(identity_of({std::string(500, 'a'), "", "", "x"}) == "at-78");
}

TEST_CASE("times are told in UTC") {
  CHECK(rfc3339(portico::Time(std::chrono::milliseconds(1'700'000'000'123))) == "2023-11-14T22:13:20.123Z");
}
