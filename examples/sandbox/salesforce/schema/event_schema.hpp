// The Avro schemas of events: of platform events as defined, and of the change events every object has.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/salesforce/schema/schema.hpp"

namespace sandbox::salesforce {

/// A schema as GetSchema and REST tell it. The id is made of the text: another text is another schema.
struct EventSchema {
  std::string id;    // 22 characters, URL-safe base64 of 128 bits
  std::string text;  // compact JSON
};

/// Of a platform event (an object with event()): CreatedDate, CreatedById, then its custom fields.
EventSchema platform_event_schema(const Object& object);
/// Of an object's change event: the header, then every field that change events carry.
///
/// with_snapshot  whether the header's ChangeType knows SNAPSHOT, as newer orgs' schemas do
EventSchema change_event_schema(const Object& object, bool with_snapshot);

/// Any of the standard schema's events, in either form of its change events; null for an unknown id.
const EventSchema* find_event_schema(std::string_view id);

/// "AccountChangeEvent", "Thing__ChangeEvent" of Thing__c.
std::string change_event_name(const Object& object);

/// A place in a change event. Compound fields (addresses, names of persons) hold several of the object's
/// fields.
struct ChangeField {
  struct Part {
    std::string name;     // in the event: "City"; "" where the field stands for itself
    const Field* source;  // null where the org keeps no such part
  };
  std::string name;  // "Subject", "MailingAddress"
  const Field* source;
  std::vector<Part> parts;  // none: a plain field
};

/// The fields after the header, in the order of the schema: field i is bit i + 1 of the bitmaps.
std::vector<ChangeField> change_fields(const Object& object);

}  // namespace sandbox::salesforce
