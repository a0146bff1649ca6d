// Avro's binary form, read with the schema it was written with. Bytes and schemas come from outside.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace salesforce::events {

/// A schema of one event: a record. Immutable once parsed.
class AvroSchema {
 public:
  /// At most 1 MB of JSON, 10,000 types, 32 deep.
  /// errors    Problem 502 crm.event_unreadable
  static AvroSchema parse(std::string_view json);

  /// The whole of bytes, as JSON: bytes and fixed in hexadecimal, a number that JSON has not as null.
  /// At most 100,000 values and 32 deep.
  /// errors    Problem 502 crm.event_unreadable; what was read before says nothing
  boost::json::object decode(std::string_view bytes) const;

  const std::string& name() const;
  /// Of the fields, in order: bit n of a change event's bitmaps is field n.
  std::vector<std::string> fields() const;
  /// Of the record within a field (or within a union in it); empty where there is none.
  std::vector<std::string> children(std::size_t field) const;

 private:
  enum class Kind {
    null,
    boolean,
    integer,
    long_integer,
    single,
    real,
    text,
    bytes,
    fixed,
    symbol,
    array,
    map,
    either,
    record
  };
  struct Field {
    std::string name;
    std::size_t type;
  };
  struct Type {
    Kind kind = Kind::null;
    std::string name;                  // record, symbol (enum), fixed
    std::vector<Field> fields;         // record
    std::vector<std::size_t> types;    // either: its branches; array, map: of the items
    std::vector<std::string> symbols;  // enum
    std::size_t size = 0;              // fixed
  };
  class Parser;
  class Reader;

  std::vector<Type> types_;  // named and referred to by place
  std::size_t root_ = 0;
};

}  // namespace salesforce::events
