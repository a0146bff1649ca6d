// Between Boost.JSON and libavro's generic values.
#include "examples/sandbox/pubsub/avro.hpp"

#include <avro.h>
#include <fmt/format.h>

#include <utility>

namespace sandbox::pubsub {

namespace json = boost::json;

namespace {

/// Calls of libavro return 0 or leave a text.
void check(int result, std::string_view what) {
  if (result != 0) throw AvroError(fmt::format("{}: {}", what, avro_strerror()));
}

bool is_whole(const json::value& value) {
  return value.is_int64() || value.is_uint64();
}

bool takes(avro_type_t type, const json::value& value) {
  switch (type) {
    case AVRO_NULL:
      return value.is_null();
    case AVRO_BOOLEAN:
      return value.is_bool();
    case AVRO_INT32:
    case AVRO_INT64:
      return is_whole(value);
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
      return value.is_number();
    case AVRO_STRING:
    case AVRO_ENUM:
    case AVRO_BYTES:
      return value.is_string();
    case AVRO_ARRAY:
      return value.is_array();
    case AVRO_RECORD:
    case AVRO_MAP:
      return value.is_object();
    default:
      return false;
  }
}

/// A link of a schema that refers to itself stands for its target.
avro_schema_t resolved(avro_schema_t schema) {
  return is_avro_link(schema) ? avro_schema_link_target(schema) : schema;
}

void fill(avro_value_t& to, const json::value& from, std::string_view where);

void fill_union(avro_value_t& to, const json::value& from, std::string_view where) {
  const avro_schema_t schema = avro_value_get_schema(&to);
  for (std::size_t i = 0; i < avro_schema_union_size(schema); ++i) {
    if (!takes(avro_typeof(resolved(avro_schema_union_branch(schema, static_cast<int>(i)))), from)) continue;
    avro_value_t branch;
    check(avro_value_set_branch(&to, static_cast<int>(i), &branch), where);
    fill(branch, from, where);
    return;
  }
  throw AvroError(fmt::format("{}: no branch takes {}", where, json::serialize(from)));
}

void fill_record(avro_value_t& to, const json::object& from) {
  std::size_t size = 0, known = 0;
  check(avro_value_get_size(&to, &size), "record");
  for (std::size_t i = 0; i < size; ++i) {
    avro_value_t field;
    const char* name = nullptr;
    check(avro_value_get_by_index(&to, i, &field, &name), "record");
    const json::value* value = from.if_contains(name);
    known += value == nullptr ? 0 : 1;
    fill(field, value == nullptr ? json::value() : *value, name);
  }
  if (known != from.size()) throw AvroError("a member is not in the schema");
}

void fill(avro_value_t& to, const json::value& from, std::string_view where) {
  const avro_type_t type = avro_value_get_type(&to);
  if (type == AVRO_UNION) {
    fill_union(to, from, where);
    return;
  }
  if (!takes(type, from))
    throw AvroError(fmt::format("{}: a value of another type: {}", where, json::serialize(from)));
  switch (type) {
    case AVRO_NULL:
      check(avro_value_set_null(&to), where);
      break;
    case AVRO_BOOLEAN:
      check(avro_value_set_boolean(&to, from.get_bool() ? 1 : 0), where);
      break;
    case AVRO_INT32:
      check(avro_value_set_int(&to, from.to_number<std::int32_t>()), where);
      break;
    case AVRO_INT64:
      check(avro_value_set_long(&to, from.to_number<std::int64_t>()), where);
      break;
    case AVRO_FLOAT:
      check(avro_value_set_float(&to, from.to_number<float>()), where);
      break;
    case AVRO_DOUBLE:
      check(avro_value_set_double(&to, from.to_number<double>()), where);
      break;
    case AVRO_STRING: {
      std::string text(from.get_string());
      check(avro_value_set_string_len(&to, text.data(), text.size() + 1), where);
      break;
    }
    case AVRO_ENUM: {
      const int index =
          avro_schema_enum_get_by_name(avro_value_get_schema(&to), std::string(from.get_string()).c_str());
      if (index < 0) throw AvroError(fmt::format("{}: no such symbol", where));
      check(avro_value_set_enum(&to, index), where);
      break;
    }
    case AVRO_ARRAY:
      for (const auto& item : from.get_array()) {
        avro_value_t element;
        check(avro_value_append(&to, &element, nullptr), where);
        fill(element, item, where);
      }
      break;
    case AVRO_RECORD:
      fill_record(to, from.get_object());
      break;
    default:
      throw AvroError(fmt::format("{}: a type that events do not use", where));
  }
}

json::value read(avro_value_t& from) {
  switch (avro_value_get_type(&from)) {
    case AVRO_BOOLEAN: {
      int value = 0;
      check(avro_value_get_boolean(&from, &value), "boolean");
      return value != 0;
    }
    case AVRO_INT32: {
      std::int32_t value = 0;
      check(avro_value_get_int(&from, &value), "int");
      return value;
    }
    case AVRO_INT64: {
      std::int64_t value = 0;
      check(avro_value_get_long(&from, &value), "long");
      return value;
    }
    case AVRO_DOUBLE: {
      double value = 0;
      check(avro_value_get_double(&from, &value), "double");
      return value;
    }
    case AVRO_STRING: {
      const char* text = nullptr;
      std::size_t size = 0;
      check(avro_value_get_string(&from, &text, &size), "string");
      return json::value(std::string_view(text, size - 1));
    }
    case AVRO_ENUM: {
      int index = 0;
      check(avro_value_get_enum(&from, &index), "enum");
      return json::value(avro_schema_enum_get(avro_value_get_schema(&from), index));
    }
    case AVRO_UNION: {
      avro_value_t branch;
      check(avro_value_get_current_branch(&from, &branch), "union");
      return read(branch);
    }
    case AVRO_ARRAY:
    case AVRO_RECORD: {
      const bool record = avro_value_get_type(&from) == AVRO_RECORD;
      json::object members;
      json::array items;
      std::size_t size = 0;
      check(avro_value_get_size(&from, &size), "size");
      for (std::size_t i = 0; i < size; ++i) {
        avro_value_t one;
        const char* name = nullptr;
        check(avro_value_get_by_index(&from, i, &one, &name), "element");
        if (record) {
          members[name] = read(one);
        } else {
          items.push_back(read(one));
        }
      }
      return record ? json::value(std::move(members)) : json::value(std::move(items));
    }
    default:
      return nullptr;
  }
}

/// A value that is given back.
class Datum {
 public:
  explicit Datum(avro_value_iface_t* type) { check(avro_generic_value_new(type, &value_), "a new value"); }
  ~Datum() { avro_value_decref(&value_); }
  Datum(const Datum&) = delete;
  Datum& operator=(const Datum&) = delete;
  avro_value_t& operator*() { return value_; }

 private:
  avro_value_t value_{};
};

}  // namespace

struct Codec::Parts {
  avro_schema_t schema = nullptr;
  avro_value_iface_t* type = nullptr;
};

Codec::Codec(const std::string& schema_json) : parts_(std::make_unique<Parts>()) {
  check(avro_schema_from_json_length(schema_json.data(), schema_json.size(), &parts_->schema), "schema");
  parts_->type = avro_generic_class_from_schema(parts_->schema);
  if (parts_->type == nullptr) {
    avro_schema_decref(parts_->schema);
    throw AvroError(fmt::format("schema: {}", avro_strerror()));
  }
}

Codec::~Codec() {
  avro_value_iface_decref(parts_->type);
  avro_schema_decref(parts_->schema);
}

std::string Codec::encode(const json::value& value) const {
  Datum datum(parts_->type);
  fill(*datum, value, "event");
  std::size_t size = 0;
  check(avro_value_sizeof(&*datum, &size), "size");
  std::string out(size, '\0');
  avro_writer_t writer = avro_writer_memory(out.data(), static_cast<std::int64_t>(out.size()));
  const int result = avro_value_write(writer, &*datum);
  avro_writer_free(writer);
  check(result, "write");
  return out;
}

json::value Codec::decode(std::string_view bytes) const {
  Datum datum(parts_->type);
  avro_reader_t reader = avro_reader_memory(bytes.data(), static_cast<std::int64_t>(bytes.size()));
  const int result = avro_value_read(reader, &*datum);
  char more = 0;
  const bool left_over = result == 0 && avro_read(reader, &more, 1) == 0;
  avro_reader_free(reader);
  check(result, "read");
  if (left_over) throw AvroError("bytes are left over");
  return read(*datum);
}

}  // namespace sandbox::pubsub
