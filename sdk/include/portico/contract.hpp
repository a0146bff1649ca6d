// Contracts: plain described structs with one field table for decoding, encoding and schema.
//
//   struct Address { std::string line1; std::optional<std::string> line2; };
//   BOOST_DESCRIBE_STRUCT(Address, (), (line1, line2))
//   template <> struct portico::Rules<Address> {
//     static void apply(portico::RuleSet<Address>& rule) { rule(&Address::line1).length(1, 100); }
//   };
//
// Field types: bool, integers, double, std::string, described enums (as snake_case names), std::optional,
// std::vector, described structs and boost::json::value. An absent optional is left out when encoding.
#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <cstdint>
#include <optional>
#include <portico/problem.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace portico {

/// What a text must look like.
enum class Format { any, email, phone, date, uuid, country, language };

/// Who may send members that the contract does not name: nobody at the HTTP edge; newer plugins between
/// plugins.
enum class Unknown { refuse, ignore };

namespace contract {

struct FieldError {
  std::string pointer;
  std::string code;
};

/// Collects field errors with their JSON pointers.
class Decoder {
 public:
  explicit Decoder(Unknown unknown) : unknown(unknown) {}
  void fail(std::string_view code);
  const Unknown unknown;
  std::string pointer;
  std::vector<FieldError> errors;
};

struct Struct;
using Schemas = boost::json::object;  // components by name

/// What one C++ type can do, without its type.
struct Type {
  void (*decode)(const Type&, const boost::json::value&, void* out, Decoder&);
  boost::json::value (*encode)(const Type&, const void* in);
  boost::json::value (*schema)(const Type&, Schemas&);
  bool (*absent)(const void* in);                      // an empty optional
  const Type* inner;                                   // of optional, vector
  const Struct* (*structure)();                        // of a described struct
  void* (*emplace)(void* container);                   // optional: engage; vector: append
  std::size_t (*count)(const void* in);                // vector
  const void* (*item)(const void* in, std::size_t i);  // optional: i = 0
  const std::vector<std::string_view>* names;          // enum
  std::int64_t (*get_enum)(const void* in);
  void (*set_enum)(void* out, std::int64_t index);
};

struct Field {
  std::string_view name;
  const Type* type;
  std::size_t offset;
  std::optional<std::size_t> min_length, max_length;  // text: code points; list: items
  std::optional<std::int64_t> minimum, maximum;
  Format format = Format::any;
  std::string_view pattern;                          // for the schema only; check does the work
  const char* (*check)(std::string_view) = nullptr;  // a code when the text is not right, else null
  bool must_be_true = false;
};

struct Struct {
  std::string name;  // of the component
  std::vector<Field> fields;
};

void decode_bool(const Type&, const boost::json::value&, void*, Decoder&);
void decode_int(const Type&, const boost::json::value&, void*, Decoder&);
void decode_double(const Type&, const boost::json::value&, void*, Decoder&);
void decode_string(const Type&, const boost::json::value&, void*, Decoder&);
void decode_enum(const Type&, const boost::json::value&, void*, Decoder&);
void decode_optional(const Type&, const boost::json::value&, void*, Decoder&);
void decode_vector(const Type&, const boost::json::value&, void*, Decoder&);
void decode_struct(const Type&, const boost::json::value&, void*, Decoder&);
void decode_any(const Type&, const boost::json::value&, void*, Decoder&);
boost::json::value encode_bool(const Type&, const void*);
boost::json::value encode_int(const Type&, const void*);
boost::json::value encode_double(const Type&, const void*);
boost::json::value encode_string(const Type&, const void*);
boost::json::value encode_enum(const Type&, const void*);
boost::json::value encode_optional(const Type&, const void*);
boost::json::value encode_vector(const Type&, const void*);
boost::json::value encode_struct(const Type&, const void*);
boost::json::value encode_any(const Type&, const void*);
boost::json::value schema_bool(const Type&, Schemas&);
boost::json::value schema_int(const Type&, Schemas&);
boost::json::value schema_double(const Type&, Schemas&);
boost::json::value schema_string(const Type&, Schemas&);
boost::json::value schema_enum(const Type&, Schemas&);
boost::json::value schema_optional(const Type&, Schemas&);
boost::json::value schema_vector(const Type&, Schemas&);
boost::json::value schema_struct(const Type&, Schemas&);
boost::json::value schema_any(const Type&, Schemas&);

/// "portico::Page<portico::billing::Invoice>" → "InvoicePage".
std::string component_name(const char* mangled);

}  // namespace contract

template <class T>
class RuleSet;

/// Specialise to add rules to a contract's fields.
template <class T>
struct Rules {
  static void apply(RuleSet<T>&) {}
};

/// The rules of one field; each call narrows it.
class FieldRules {
 public:
  explicit FieldRules(contract::Field& field) : field_(field) {}
  FieldRules& length(std::size_t min, std::size_t max) {
    field_.min_length = min, field_.max_length = max;
    return *this;
  }
  FieldRules& range(std::int64_t min, std::int64_t max) {
    field_.minimum = min, field_.maximum = max;
    return *this;
  }
  FieldRules& format(Format format) {
    field_.format = format;
    return *this;
  }
  FieldRules& check(const char* (*check)(std::string_view)) {
    field_.check = check;
    return *this;
  }
  FieldRules& must_be_true() {
    field_.must_be_true = true;
    return *this;
  }

 private:
  contract::Field& field_;
};

template <class T>
class RuleSet {
 public:
  explicit RuleSet(contract::Struct& structure) : structure_(structure) {}

  /// A member that is not described stops the process: rules are keyed by member, so a typo does not compile.
  template <class Member>
  FieldRules operator()(Member T::*member) {
    static const T sample{};
    const auto offset = static_cast<std::size_t>(reinterpret_cast<const char*>(&(sample.*member)) -
                                                 reinterpret_cast<const char*>(&sample));
    for (auto& field : structure_.fields)
      if (field.offset == offset) return FieldRules(field);
    std::abort();
  }

 private:
  contract::Struct& structure_;
};

namespace contract {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

template <class T>
const Struct& structure_of();

template <class T>
const std::vector<std::string_view>& enum_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> list;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
        [&](auto d) { list.push_back(d.name); });
    return list;
  }();
  return names;
}

template <class T>
const Type& type_of() {
  static const Type type = [] {
    Type t{};
    if constexpr (std::is_same_v<T, bool>) {
      t.decode = decode_bool, t.encode = encode_bool, t.schema = schema_bool;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      t.decode = decode_int, t.encode = encode_int, t.schema = schema_int;
    } else if constexpr (std::is_same_v<T, double>) {
      t.decode = decode_double, t.encode = encode_double, t.schema = schema_double;
    } else if constexpr (std::is_same_v<T, std::string>) {
      t.decode = decode_string, t.encode = encode_string, t.schema = schema_string;
    } else if constexpr (std::is_same_v<T, boost::json::value>) {
      t.decode = decode_any, t.encode = encode_any, t.schema = schema_any;
    } else if constexpr (std::is_enum_v<T>) {
      t.decode = decode_enum, t.encode = encode_enum, t.schema = schema_enum;
      t.names = &enum_names<T>();
      t.get_enum = [](const void* in) {
        std::int64_t index = 0, found = -1;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
          if (d.value == *static_cast<const T*>(in)) found = index;
          ++index;
        });
        return found;
      };
      t.set_enum = [](void* out, std::int64_t wanted) {
        std::int64_t index = 0;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
          if (index++ == wanted) *static_cast<T*>(out) = d.value;
        });
      };
    } else if constexpr (is_optional<T>::value) {
      t.decode = decode_optional, t.encode = encode_optional, t.schema = schema_optional;
      t.inner = &type_of<typename T::value_type>();
      t.absent = [](const void* in) { return !static_cast<const T*>(in)->has_value(); };
      t.emplace = [](void* out) -> void* { return &static_cast<T*>(out)->emplace(); };
      t.item = [](const void* in, std::size_t) -> const void* { return &**static_cast<const T*>(in); };
    } else if constexpr (is_vector<T>::value) {
      t.decode = decode_vector, t.encode = encode_vector, t.schema = schema_vector;
      t.inner = &type_of<typename T::value_type>();
      t.emplace = [](void* out) -> void* { return &static_cast<T*>(out)->emplace_back(); };
      t.count = [](const void* in) { return static_cast<const T*>(in)->size(); };
      t.item = [](const void* in, std::size_t i) -> const void* { return &(*static_cast<const T*>(in))[i]; };
    } else {
      static_assert(
          boost::describe::has_describe_members<T>::value,
          "a member of a contract is bool, std::int64_t, double, std::string, boost::json::value, an enum with "
          "BOOST_DESCRIBE_ENUM, a struct with BOOST_DESCRIBE_STRUCT, or a std::optional or std::vector of these");
      t.decode = decode_struct, t.encode = encode_struct, t.schema = schema_struct;
      t.structure = [] { return &structure_of<T>(); };
    }
    return t;
  }();
  return type;
}

template <class T>
const Struct& structure_of() {
  static const Struct structure = [] {
    Struct s;
    s.name = component_name(typeid(T).name());
    const T sample{};
    boost::mp11::mp_for_each<
        boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>>(
        [&](auto d) {
          using Member = std::remove_cvref_t<decltype(sample.*d.pointer)>;
          Field field;
          field.name = d.name;
          field.type = &type_of<Member>();
          field.offset = static_cast<std::size_t>(reinterpret_cast<const char*>(&(sample.*d.pointer)) -
                                                  reinterpret_cast<const char*>(&sample));
          s.fields.push_back(field);
        });
    RuleSet<T> rules(s);
    Rules<T>::apply(rules);
    return s;
  }();
  return structure;
}

/// Throws Problem 422 request.invalid with members.errors when there are any.
void finish(Decoder& decoder);
boost::json::value parse_strict(std::string_view text, std::size_t max_depth = 32);

}  // namespace contract

/// Parses JSON; duplicate keys, trailing bytes and depth over 32 are refused.
/// errors    400 request.malformed_json
inline boost::json::value parse_json(std::string_view text) {
  return contract::parse_strict(text);
}

/// errors    422 request.invalid, members.errors = [{"pointer":"/address/city","code":"required"}]
template <class T>
T decode(const boost::json::value& json, Unknown unknown = Unknown::refuse) {
  T out{};
  contract::Decoder decoder(unknown);
  contract::type_of<T>().decode(contract::type_of<T>(), json, &out, decoder);
  contract::finish(decoder);
  return out;
}

template <class T>
T decode_text(std::string_view text, Unknown unknown = Unknown::refuse) {
  return decode<T>(parse_json(text), unknown);
}

template <class T>
boost::json::value encode(const T& value) {
  return contract::type_of<T>().encode(contract::type_of<T>(), &value);
}

template <class T>
std::string encode_text(const T& value) {
  return boost::json::serialize(encode(value));
}

/// JSON Schema (2020-12) of T; components gets every struct it names.
template <class T>
boost::json::value schema(boost::json::object& components) {
  return contract::type_of<T>().schema(contract::type_of<T>(), components);
}

/// A problem with one field, for rules that need more than the field itself.
inline Problem invalid_field(std::string pointer, std::string code) {
  boost::json::array errors{boost::json::object{{"pointer", pointer}, {"code", code}}};
  return Problem(422, "request.invalid", pointer + " " + code, 0, {{"errors", std::move(errors)}});
}

}  // namespace portico
