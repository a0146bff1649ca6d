// Events of the bus: a schema and bytes, both hostile. The readers may refuse; what they return keeps its
// promises.
//
// The first two bytes are the length of the schema's text (0: one of ours), the text and the event's bytes
// follow.
#include <portico/problem.hpp>

#include "events/avro.hpp"
#include "events/change.hpp"
#include "events/meaning.hpp"
#include "events/protobuf.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace salesforce::events;
using fuzz::promise;

namespace {

constexpr auto kChange =
    R"({"type":"record","name":"CaseChangeEvent","namespace":"com.sforce.eventbus","fields":[
      {"name":"ChangeEventHeader","type":{"type":"record","name":"ChangeEventHeader","fields":[
        {"name":"entityName","type":"string"},{"name":"recordIds","type":{"type":"array","items":"string"}},
        {"name":"changeType","type":{"type":"enum","name":"ChangeType","symbols":["CREATE","UPDATE","DELETE","UNDELETE","GAP_CREATE","GAP_UPDATE","GAP_DELETE","GAP_UNDELETE","GAP_OVERFLOW"]}},
        {"name":"changeOrigin","type":"string"},{"name":"commitTimestamp","type":"long"},
        {"name":"nulledFields","type":{"type":"array","items":"string"}},{"name":"changedFields","type":{"type":"array","items":"string"}}]}},
      {"name":"Subject","type":["null","string"]},{"name":"Order_Id__c","type":["null","string"]},
      {"name":"Name","type":["null","string",{"type":"record","name":"PersonName","fields":[{"name":"LastName","type":["null","string"]}]}]},
      {"name":"Next","type":["null","CaseChangeEvent"]}]})";

/// Remembers nothing; the promise is that what is told can be written.
struct Silent final : Announcer {
  void announce(portico::Transaction&, const portico::crm::FulfilmentRequested&) override {}
  void announce(portico::Transaction&, const portico::crm::RecordsChanged&) override {}
  void announce(portico::Transaction&, const portico::crm::EventsMissed&) override {}
};

/// Any bytes are a message, with every field within them, or refused.
void check_message(std::string_view bytes) {
  try {
    for (protobuf::Reader reader(bytes); reader.next();) {
      const auto text = reader.text();
      promise(text.empty() ||
                  (text.data() >= bytes.data() && text.data() + text.size() <= bytes.data() + bytes.size()),
              "a field lies in its message");
    }
  } catch (const portico::Problem& problem) {
    promise(problem.code == "crm.event_unreadable", "a refused message has its code");
  }
}

}  // namespace

void fuzz::check(std::string_view input) {
  check_message(input);
  static const auto ours = AvroSchema::parse(kChange);
  std::size_t size = 0;
  if (input.size() >= 2) {
    size = static_cast<unsigned char>(input[0]) |
           static_cast<std::size_t>(static_cast<unsigned char>(input[1])) << 8;
    input.remove_prefix(2);
  }
  size = std::min(size, input.size());
  std::optional<AvroSchema> theirs;
  try {
    if (size > 0) theirs = AvroSchema::parse(input.substr(0, size));
  } catch (const portico::Problem&) {
    return;
  }
  const auto& schema = theirs ? *theirs : ours;
  const std::string payload(input.substr(size));
  try {
    const auto event = schema.decode(payload);
    promise(event.size() == schema.fields().size(), "an event has the fields of its schema");
    // Boost.JSON writes doubles exactly and reads them nearly so: the members are compared, not the digits.
    const auto again = portico::contract::parse_strict(boost::json::serialize(event), 64);
    promise(again.is_object() && again.get_object().size() == event.size(), "an event survives its JSON");
    if (const auto change = change_of(schema, event))
      for (const auto& name : change->changed) promise(!name.empty() || theirs, "a bit names a field");
  } catch (const portico::Problem& problem) {
    promise(problem.code == "crm.event_unreadable" || problem.code == "request.malformed_json",
            "a refusal has its code");
  }
  static Silent silent;
  const auto taken = read_event({"e", "s", payload, "r"}, &schema, {}, silent);
  promise(taken.poison.empty() == static_cast<bool>(taken.effect), "an event has an effect or a reason");
}
