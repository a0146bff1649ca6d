// The schema as a table of types, and one reader over it that counts what it makes.
#include "events/avro.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <portico/contract.hpp>
#include <portico/problem.hpp>

namespace salesforce::events {

namespace {

namespace json = boost::json;

constexpr std::size_t kMostSchema = 1u << 20, kMostTypes = 10'000, kMostDepth = 32, kMostValues = 100'000,
                      kMostFixed = 1u << 20;

[[noreturn]] void refuse(const std::string& why) {
  throw portico::Problem(502, "crm.event_unreadable", why);
}

const std::string* text_at(const json::object& object, std::string_view name, std::string& place) {
  const auto* value = object.if_contains(name);
  if (!value || !value->is_string()) return nullptr;
  place = std::string(value->get_string());
  return &place;
}

/// Well-formed, of the shortest form, and no surrogate.
bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t more = first < 0x80   ? 0
                             : first < 0xC2 ? 9
                             : first < 0xE0 ? 1
                             : first < 0xF0 ? 2
                             : first < 0xF5 ? 3
                                            : 9;
    if (more == 9 || text.size() - at <= more) return false;
    std::uint32_t code = more == 0 ? first : first & (0x3Fu >> more);
    for (std::size_t i = 1; i <= more; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0) != 0x80) return false;
      code = code << 6 | (next & 0x3F);
    }
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (code < kLeast[more] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    at += more + 1;
  }
  return true;
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

// ---- the schema

class AvroSchema::Parser {
 public:
  explicit Parser(AvroSchema& schema) : schema_(schema) {}

  std::size_t read(const json::value& value, const std::string& space, std::size_t depth) {
    if (depth > kMostDepth) refuse("schema: too deep");
    if (value.is_string()) return named(std::string(value.get_string()), space);
    if (value.is_array()) {
      const auto place = add({Kind::either, {}, {}, {}, {}, 0});
      for (const auto& branch : value.get_array()) {
        const auto type = read(branch, space, depth + 1);
        schema_.types_[place].types.push_back(type);
      }
      if (schema_.types_[place].types.empty()) refuse("schema: a union of nothing");
      return place;
    }
    if (!value.is_object()) refuse("schema: a type is a name, a list or an object");
    const auto& object = value.get_object();
    const auto* type = object.if_contains("type");
    if (!type) refuse("schema: an object without type");
    if (!type->is_string()) return read(*type, space, depth + 1);
    const std::string kind(type->get_string());
    if (kind == "record" || kind == "error") return record(object, space, depth);
    if (kind == "enum") return symbols(object, space);
    if (kind == "fixed") return fixed(object, space);
    if (kind == "array" || kind == "map") {
      const auto* items = object.if_contains(kind == "array" ? "items" : "values");
      if (!items) refuse("schema: no items");
      const auto place = add({kind == "array" ? Kind::array : Kind::map, {}, {}, {}, {}, 0});
      const auto of = read(*items, space, depth + 1);
      schema_.types_[place].types.push_back(of);
      return place;
    }
    return named(kind, space);
  }

 private:
  std::size_t add(Type type) {
    if (schema_.types_.size() >= kMostTypes) refuse("schema: too many types");
    schema_.types_.push_back(std::move(type));
    return schema_.types_.size() - 1;
  }

  std::size_t named(const std::string& name, const std::string& space) {
    static const std::map<std::string, Kind> kPlain = {
        {"null", Kind::null},   {"boolean", Kind::boolean},   {"int", Kind::integer}, {"float", Kind::single},
        {"double", Kind::real}, {"long", Kind::long_integer}, {"bytes", Kind::bytes}, {"string", Kind::text}};
    if (const auto plain = kPlain.find(name); plain != kPlain.end())
      return add({plain->second, {}, {}, {}, {}, 0});
    for (const auto& full : {name.find('.') == name.npos && !space.empty() ? space + "." + name : name, name})
      if (const auto found = known_.find(full); found != known_.end()) return found->second;
    refuse("schema: no type of that name");
  }

  /// The full name; space becomes its own.
  std::string name_of(const json::object& object, std::string& space) {
    std::string name, given;
    if (!text_at(object, "name", name) || name.empty()) refuse("schema: a named type without name");
    if (text_at(object, "namespace", given)) space = given;
    if (const auto dot = name.rfind('.'); dot != name.npos)
      space = name.substr(0, dot);
    else if (!space.empty())
      name = space + "." + name;
    return name;
  }
  std::size_t remember(const std::string& full, Type type) {
    type.name = full.substr(full.rfind('.') + 1);
    const auto place = add(std::move(type));
    if (!known_.emplace(full, place).second) refuse("schema: two types of one name");
    return place;
  }

  std::size_t record(const json::object& object, std::string space, std::size_t depth) {
    const auto place = remember(name_of(object, space), {Kind::record, {}, {}, {}, {}, 0});
    const auto* fields = object.if_contains("fields");
    if (!fields || !fields->is_array()) refuse("schema: a record without fields");
    for (const auto& one : fields->get_array()) {
      std::string name;
      const auto* field = one.if_object();
      const auto* type = field ? field->if_contains("type") : nullptr;
      if (!type || !text_at(*field, "name", name)) refuse("schema: a field without name or type");
      const auto of = read(*type, space, depth + 1);
      for (const auto& other : schema_.types_[place].fields)
        if (other.name == name) refuse("schema: two fields of one name");
      schema_.types_[place].fields.push_back({std::move(name), of});
    }
    return place;
  }
  std::size_t symbols(const json::object& object, std::string space) {
    Type type{Kind::symbol, {}, {}, {}, {}, 0};
    const auto* names = object.if_contains("symbols");
    if (!names || !names->is_array()) refuse("schema: an enum without symbols");
    for (const auto& one : names->get_array()) {
      if (!one.is_string()) refuse("schema: a symbol is a name");
      type.symbols.emplace_back(one.get_string());
    }
    return remember(name_of(object, space), std::move(type));
  }
  std::size_t fixed(const json::object& object, std::string space) {
    Type type{Kind::fixed, {}, {}, {}, {}, 0};
    const auto* size = object.if_contains("size");
    if (!size || !size->is_int64() || size->get_int64() < 0 ||
        size->get_int64() > static_cast<std::int64_t>(kMostFixed))
      refuse("schema: fixed without a size");
    type.size = static_cast<std::size_t>(size->get_int64());
    return remember(name_of(object, space), std::move(type));
  }

  AvroSchema& schema_;
  std::map<std::string, std::size_t> known_;  // by full name
};

AvroSchema AvroSchema::parse(std::string_view text) {
  if (text.size() > kMostSchema) refuse("schema: too large");
  AvroSchema schema;
  json::value document;
  try {
    document = portico::contract::parse_strict(text, 2 * kMostDepth + 8);
  } catch (const portico::Problem& problem) {
    refuse("schema: " + problem.detail);
  }
  schema.root_ = Parser(schema).read(document, {}, 0);
  if (schema.types_[schema.root_].kind != Kind::record) refuse("schema: an event is a record");
  return schema;
}

const std::string& AvroSchema::name() const {
  return types_[root_].name;
}

std::vector<std::string> AvroSchema::fields() const {
  std::vector<std::string> out;
  for (const auto& field : types_[root_].fields) out.push_back(field.name);
  return out;
}

std::vector<std::string> AvroSchema::children(std::size_t field) const {
  const auto& fields = types_[root_].fields;
  std::vector<std::string> out;
  if (field >= fields.size()) return out;
  std::vector<std::size_t> candidates{fields[field].type};
  if (const auto& type = types_[fields[field].type]; type.kind == Kind::either) candidates = type.types;
  for (const auto place : candidates) {
    if (types_[place].kind != Kind::record) continue;
    for (const auto& child : types_[place].fields) out.push_back(child.name);
    break;
  }
  return out;
}

// ---- the bytes

class AvroSchema::Reader {
 public:
  Reader(const AvroSchema& schema, std::string_view bytes) : schema_(schema), left_(bytes) {}

  json::value read(std::size_t place, std::size_t depth) {
    if (depth > kMostDepth) refuse("too deep");
    if (++values_ > kMostValues) refuse("too many values");
    const auto& type = schema_.types_[place];
    switch (type.kind) {
      case Kind::null:
        return nullptr;
      case Kind::boolean:
        return boolean();
      case Kind::integer: {
        const auto number = integer();
        if (number < INT32_MIN || number > INT32_MAX) refuse("an int beyond its range");
        return number;
      }
      case Kind::long_integer:
        return integer();
      case Kind::single:
        return real<float>();
      case Kind::real:
        return real<double>();
      case Kind::text:
        return json::string(text());
      case Kind::bytes:
        return json::string(hex(take(length())));
      case Kind::fixed:
        return json::string(hex(take(type.size)));
      case Kind::symbol:
        return json::string(type.symbols[index(type.symbols.size())]);
      case Kind::either:
        return read(type.types[index(type.types.size())], depth + 1);
      case Kind::array: {
        json::array out;
        blocks([&] { out.push_back(read(type.types[0], depth + 1)); });
        return out;
      }
      case Kind::map: {
        json::object out;
        blocks([&] {
          auto key = std::string(text());
          out.insert_or_assign(key, read(type.types[0], depth + 1));
        });
        return out;
      }
      case Kind::record: {
        json::object out;
        for (const auto& field : type.fields) out.emplace(field.name, read(field.type, depth + 1));
        return out;
      }
    }
    refuse("a type of no kind");
  }

  void finish() const {
    if (!left_.empty()) refuse("bytes are left over");
  }

 private:
  std::string_view take(std::size_t size) {
    if (size > left_.size()) refuse("the bytes end early");
    const auto out = left_.substr(0, size);
    left_.remove_prefix(size);
    return out;
  }
  bool boolean() {
    const auto byte = take(1)[0];
    if (byte != 0 && byte != 1) refuse("a boolean that is neither");
    return byte == 1;
  }
  /// Zig-zag, at most ten bytes.
  std::int64_t integer() {
    std::uint64_t raw = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      if (shift == 63 && byte > 1) refuse("a number beyond 64 bits");
      raw |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (!(byte & 0x80)) break;
    }
    return static_cast<std::int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
  }
  template <class T>
  json::value real() {
    T number;
    std::memcpy(&number, take(sizeof number).data(), sizeof number);  // little-endian, as this machine
    if (!std::isfinite(number)) return nullptr;
    return static_cast<double>(number);
  }
  std::size_t length() {
    const auto size = integer();
    if (size < 0 || static_cast<std::uint64_t>(size) > left_.size()) refuse("a length beyond the bytes");
    return static_cast<std::size_t>(size);
  }
  std::string_view text() {
    const auto out = take(length());
    if (!is_utf8(out)) refuse("a text that is not UTF-8");
    return out;
  }
  std::size_t index(std::size_t end) {
    const auto number = integer();
    if (number < 0 || static_cast<std::uint64_t>(number) >= end)
      refuse("a branch or symbol that is not there");
    return static_cast<std::size_t>(number);
  }
  /// Blocks of items until one of none; a negative count is followed by the block's size in bytes.
  template <class F>
  void blocks(F&& item) {
    for (;;) {
      auto count = integer();
      if (count == 0) return;
      if (count < 0) {
        if (count == INT64_MIN) refuse("a block beyond its range");
        count = -count;
        length();
      }
      for (std::int64_t i = 0; i < count; ++i) item();
    }
  }

  const AvroSchema& schema_;
  std::string_view left_;
  std::size_t values_ = 0;
};

json::object AvroSchema::decode(std::string_view bytes) const {
  Reader reader(*this, bytes);
  auto value = reader.read(root_, 0);
  reader.finish();
  return std::move(value.get_object());
}

}  // namespace salesforce::events
