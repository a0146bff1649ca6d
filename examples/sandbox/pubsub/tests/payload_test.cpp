// What events are made of: schemas, Avro, bitmaps, replay ids and the log.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "examples/sandbox/pubsub/avro.hpp"
#include "examples/sandbox/pubsub/changes.hpp"
#include "examples/sandbox/pubsub/event_log.hpp"
#include "examples/sandbox/pubsub/topics.hpp"
#include "examples/sandbox/salesforce/schema/event_schema.hpp"

using namespace sandbox::pubsub;
using sandbox::salesforce::Schema;
namespace json = boost::json;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

const sandbox::salesforce::Object& event_object() {
  return Schema::standard().get("Order_Fulfilment_Requested__e");
}

/// A folder that vanishes with the test.
struct Folder {
  Folder() {
    char name[] = "/tmp/pubsub_test_XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

Event event_named(std::string id, std::int64_t at_ms = 0) {
  Event event;
  event.at_ms = at_ms;
  event.id = std::move(id);
  event.payload = std::string("\0\xFF", 2);
  return event;
}

ChangeSet contact_change() {
  ChangeSet set;
  set.entity = "Contact";
  set.kind = "UPDATE";
  set.record_ids = {"003000000000001AAA"};
  return set;
}

}  // namespace

TEST_CASE("the schema of a platform event has the members, the order and the kinds of the reference") {
  const std::string wanted =
      R"({"type":"record","name":"Order_Fulfilment_Requested__e","namespace":"com.sforce.eventbus","fields":[)"
      R"({"name":"CreatedDate","type":"long","doc":"CreatedDate:DateTime"},)"
      R"({"name":"CreatedById","type":"string","doc":"CreatedBy:EntityId"},)"
      R"({"name":"Order_Id__c","type":["null","string"],"doc":"Data:Text:00N000000000001","default":null},)"
      R"({"name":"Order_Number__c","type":["null","string"],"doc":"Data:Text:00N000000000002","default":null},)"
      R"({"name":"Line_Count__c","type":["null","double"],"doc":"Data:Double:00N000000000003","default":null},)"
      R"({"name":"Requested_At__c","type":["null","long"],"doc":"Data:DateTime:00N000000000004","default":null}]})";
  const auto schema = sandbox::salesforce::platform_event_schema(event_object());
  CHECK(schema.text == wanted);
  CHECK(schema.id.size() == 22);
  CHECK(schema.id.find_first_of("+/=") == std::string::npos);
  REQUIRE(sandbox::salesforce::find_event_schema(schema.id) != nullptr);
  CHECK(sandbox::salesforce::find_event_schema("nothing") == nullptr);
}

TEST_CASE("a payload is the bytes of the reference") {
  const Codec codec(sandbox::salesforce::platform_event_schema(event_object()).text);
  const json::object event =
      platform_event(event_object(), {{"CreatedDate", "2023-11-14T22:13:20.000+0000"},
                                      {"CreatedById", "005000000000001AAA"},
                                      {"Order_Id__c", "801000000000001AAA"},
                                      {"Line_Count__c", 3},
                                      {"Requested_At__c", "2023-11-14T22:13:20.000+0000"}});
  const std::string bytes = codec.encode(event);
  CHECK(
      hex(bytes) ==
      "80a0abfef96224303035303030303030303030303031414141022438303130303030303030303030303141414100020000000000"
      "0008400280a0abfef962");
  CHECK(codec.decode(bytes).at("Line_Count__c") == 3.0);
  CHECK_THROWS_AS(codec.decode(bytes.substr(0, 40)), AvroError);
  CHECK_THROWS_AS(codec.decode(bytes + "x"), AvroError);
  CHECK_THROWS_AS(codec.encode({{"CreatedDate", 1}, {"CreatedById", "x"}, {"Other", 1}}), AvroError);
  CHECK_THROWS_AS(codec.encode({{"CreatedDate", 1}}), AvroError);  // CreatedById is no union
}

TEST_CASE("bitmaps are upper-case, of whole bytes, the lowest bit the first field") {
  using Bits = std::vector<std::size_t>;
  const std::pair<Bits, const char*> rows[] = {
      {{}, "0x00"},           {{0}, "0x01"},      {{6, 9}, "0x0240"},
      {{1, 3, 5, 7}, "0xAA"}, {{16}, "0x010000"}, {{26, 24, 18, 16, 10, 7, 6, 5}, "0x050504E0"}};
  for (const auto& [bits, text] : rows) CHECK(bitmap(bits) == text);
}

TEST_CASE("every object's change events can be written and read, with the header first") {
  for (const bool snapshot : {false, true}) {
    for (const auto& feed : feeds()) {
      if (feed.object->event()) continue;
      INFO(feed.topic);
      Switches switches;
      switches.snapshot_in_enum = snapshot;
      const auto schema = schema_of(*find_feed(feed.topic), switches);
      const auto fields = json::parse(schema.text).at("fields").as_array();
      CHECK(fields[0].at("name") == "ChangeEventHeader");
      CHECK((schema.text.find("SNAPSHOT") != std::string::npos) == snapshot);
      for (const char* name : {"\"IsDeleted\"", "\"SystemModstamp\"", "\"Id\""})
        CHECK(schema.text.find(name) == std::string::npos);
      ChangeSet set = contact_change();
      set.entity = feed.object->name;
      set.kind = "CREATE";
      const Codec codec(schema.text);
      const auto read = codec.decode(codec.encode(change_event(set, switches)));
      CHECK(read.at("ChangeEventHeader").at("entityName") == json::value(feed.object->name));
      CHECK(read.as_object().size() == fields.size());
    }
  }
}

TEST_CASE("what changed is marked: fields by their place, parts of compound fields behind it") {
  Switches switches;
  const auto fields = sandbox::salesforce::change_fields(Schema::standard().get("Contact"));
  const auto place = [&](std::string_view name) {
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (fields[i].name == name) return i + 1;
    return std::size_t{0};
  };
  REQUIRE(place("Name") == 1);
  CHECK(place("FirstName") == 0);
  CHECK(place("MailingCity") == 0);
  ChangeSet set = contact_change();
  set.changed = {"Phone", "FirstName", "MailingCity", "MailingStreet"};
  set.nulled = {"MailingCity"};
  set.values = {{"Phone", "1"}, {"FirstName", "Eva"}, {"MailingCity", nullptr}, {"MailingStreet", "Way 1"}};
  const auto event = change_event(set, switches);
  const auto& header = event.at("ChangeEventHeader");
  const std::string address = std::to_string(place("MailingAddress"));
  CHECK(header.at("changedFields") == json::array{bitmap({place("Phone")}), "1-0x02", address + "-0x03"});
  CHECK(header.at("nulledFields") == json::array{"0x00", address + "-0x02"});
  CHECK(header.at("diffFields") == json::array{});
  CHECK(event.at("Name").at("FirstName") == "Eva");
  CHECK(event.at("MailingAddress").at("Street") == "Way 1");
  CHECK(event.at("Email").is_null());

  switches.compound_parent_bit = true;
  CHECK(change_event(set, switches).at("ChangeEventHeader").at("changedFields").as_array()[0] ==
        json::value(bitmap({place("Phone"), 1, place("MailingAddress")})));
  set.kind = "GAP_UPDATE";
  CHECK(change_event(set, switches).size() == 1);
  set.kind = "DELETE";
  CHECK(change_event(set, switches).size() == 1);
}

TEST_CASE("equal changes of one transaction become one event, others do not") {
  sandbox::salesforce::Change change;
  change.entity = "Contact";
  change.kind = "UPDATE";
  change.transaction = "one";
  change.record_id = "003000000000001AAA";
  change.changed = {"Title", "LastModifiedDate"};
  change.values = {{"Title", "Twin"}, {"LastModifiedDate", "2024-01-01T00:00:00.000+0000"}};
  auto second = change;
  second.record_id = "003000000000002AAA";
  second.values["LastModifiedDate"] = "2024-01-01T00:00:00.005+0000";
  Switches switches;
  const auto ids = [&](const std::vector<sandbox::salesforce::Change>& changes) {
    std::vector<std::size_t> out;
    for (const auto& set : change_sets(changes, switches)) out.push_back(set.record_ids.size());
    return out;
  };
  using Sizes = std::vector<std::size_t>;
  CHECK(ids({change, second}) == Sizes{2});
  switches.merge_changes = false;
  CHECK(ids({change, second}) == Sizes{1, 1});
  switches.merge_changes = true;
  auto other = second;
  other.values["Title"] = "Other";
  CHECK(ids({change, other}) == Sizes{1, 1});
  other = second;
  other.transaction = "two";
  CHECK(ids({change, other}) == Sizes{1, 1});
  other = second;
  other.committed_ms = 1000;
  CHECK(ids({change, other}) == Sizes{1, 1});
  switches.change_entities = {"Account"};
  CHECK(ids({change, second}).empty());
}

TEST_CASE("replay ids are ten bytes, and eight are taken") {
  CHECK(hex(replay_bytes(487'259)) == "0000000000076f5b0000");
  CHECK(replay_of(replay_bytes(487'259)) == 487'259U);
  CHECK(replay_of(replay_bytes(487'259).substr(0, 8)) == 487'259U);
  for (const std::string& bytes :
       {std::string(), std::string(7, '\0'), std::string(9, '\0'), std::string(11, '\0'),
        std::string(8, '\xFF'), std::string("\0\0\0\0\0\0\0\1\0\1", 10)})
    CHECK_FALSE(replay_of(bytes));
}

TEST_CASE("a batch is numbered without gaps, batches with gaps, and only ids that were given are found") {
  EventLog log("");
  const auto first = log.append({event_named("a"), event_named("b"), event_named("c")});
  CHECK(log.at(2).replay == first + 2);
  bool gap = false;
  for (int i = 0; i < 20; ++i) {
    const auto last = log.at(log.end() - 1).replay;
    gap = gap || log.append({event_named("d")}) > last + 1;
  }
  CHECK(gap);
  CHECK(log.after(first) == log.begin() + 1);
  CHECK_FALSE(log.after(first - 1));
  CHECK_FALSE(log.after(log.at(log.end() - 1).replay + 1));
}

TEST_CASE("the log comes back after a restart, without what was being written at a kill") {
  const Folder folder;
  const std::string file = folder.path / "events";
  std::uint64_t newest = 0;
  {
    EventLog log(file);
    log.append({event_named("a", 1), event_named("b", 2)});
    newest = log.append({event_named("c", 3)});
  }
  {
    std::ofstream out(file, std::ios::app);
    out << R"({"replay":999999,"at_ms":4,"feed":0,"id":"torn)";
  }
  {
    EventLog log(file);
    REQUIRE(log.end() - log.begin() == 3);
    CHECK(log.at(log.end() - 1).replay == newest);
    CHECK(log.at(log.begin()).id == "a");
    CHECK(log.at(log.begin()).payload == std::string("\0\xFF", 2));
    CHECK(log.append({event_named("d", 5)}) > newest);
  }
  {
    EventLog log(file);
    REQUIRE(log.end() - log.begin() == 4);
    CHECK(log.at(log.end() - 1).id == "d");
    log.drop_before(3);
    CHECK(log.at(log.begin()).id == "c");
    newest = log.at(log.end() - 1).replay;
    log.clear();
    CHECK_FALSE(log.after(newest));
  }
  EventLog log(file);
  CHECK(log.append({event_named("e", 6)}) > newest);
}

TEST_CASE("the log keeps a named number of events") {
  EventLog log("");
  std::vector<Event> many(EventLog::kMost, event_named("x"));
  log.append(std::move(many));
  log.append({event_named("y"), event_named("z")});
  CHECK(log.end() - log.begin() == EventLog::kMost);
  CHECK(log.begin() == 2);
  CHECK(log.at(log.end() - 1).id == "z");
}
