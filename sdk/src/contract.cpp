// The loops over field tables: one decoder, one encoder and one schema writer for every contract.
#include <cxxabi.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <portico/contract.hpp>

namespace portico::contract {

namespace json = boost::json;

namespace {

/// Appends "/name" to the pointer while it lives (RFC 6901 escapes).
class Step {
 public:
  Step(Decoder& decoder, std::string_view name) : pointer_(decoder.pointer), size_(decoder.pointer.size()) {
    pointer_ += '/';
    for (char c : name) {
      if (c == '~')
        pointer_ += "~0";
      else if (c == '/')
        pointer_ += "~1";
      else
        pointer_ += c;
    }
  }
  ~Step() { pointer_.resize(size_); }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  std::string& pointer_;
  std::size_t size_;
};

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool all_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// One @, something on both sides, a dot in the domain, no spaces or control bytes: what mail servers will
/// take.
bool is_email(std::string_view s) {
  const auto at = s.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || s.size() > 254) return false;
  const auto local = s.substr(0, at), domain = s.substr(at + 1);
  if (domain.size() < 3 || domain.find('.') == std::string_view::npos) return false;
  for (char c : local)
    if (static_cast<unsigned char>(c) <= ' ' || c == 127 ||
        std::string_view("\"(),:;<>@[\\]").find(c) != std::string_view::npos)
      return false;
  char before = '.';
  for (char c : domain) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!word && (c != '.' || before == '.')) return false;
    before = c;
  }
  return before != '.' && local.front() != '.' && local.back() != '.' &&
         local.find("..") == std::string_view::npos;
}

bool is_phone(std::string_view s) {
  std::size_t digits = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const char c = s[i];
    if (c >= '0' && c <= '9')
      ++digits;
    else if (!(c == '-' || c == ' ' || c == '(' || c == ')' || (c == '+' && i == 0)))
      return false;
  }
  return digits >= 7 && digits <= 15;
}

bool is_date(std::string_view s) {
  if (s.size() != 10 || s[4] != '-' || s[7] != '-' || !all_digits(s.substr(0, 4)) ||
      !all_digits(s.substr(5, 2)) || !all_digits(s.substr(8, 2)))
    return false;
  const std::chrono::year_month_day day{
      std::chrono::year(std::atoi(std::string(s.substr(0, 4)).c_str())),
      std::chrono::month(static_cast<unsigned>(std::atoi(std::string(s.substr(5, 2)).c_str()))),
      std::chrono::day(static_cast<unsigned>(std::atoi(std::string(s.substr(8, 2)).c_str())))};
  return day.ok();
}

bool is_uuid(std::string_view s) {
  if (s.size() != 36) return false;
  for (std::size_t i = 0; i < 36; ++i) {
    const char c = s[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
    } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      return false;
    }
  }
  return true;
}

struct FormatRow {
  Format format;
  bool (*matches)(std::string_view);
  const char* code;         // of the field error
  const char* json_format;  // in the schema; null: pattern
  const char* pattern;
};

const FormatRow kFormats[] = {
    {Format::email, is_email, "invalid_email", "email", nullptr},
    {Format::phone, is_phone, "invalid_phone", nullptr, "^\\+?[0-9() -]{7,24}$"},
    {Format::date, is_date, "invalid_date", "date", nullptr},
    {Format::uuid, is_uuid, "invalid_id", "uuid", nullptr},
    {Format::country,
     [](std::string_view s) {
       return s.size() == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z';
     },
     "invalid_country", nullptr, "^[A-Z]{2}$"},
    {Format::language, [](std::string_view s) { return s == "en" || s == "ja"; }, "invalid_language", nullptr,
     "^(en|ja)$"},
};

const FormatRow* format_row(Format format) {
  for (const auto& row : kFormats)
    if (row.format == format) return &row;
  return nullptr;
}

bool has_control_bytes(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\n' && c != '\r' && c != '\t') || u == 0x7F;
  });
}

const Type& plain(const Type& type) {
  return type.decode == decode_optional ? plain(*type.inner) : type;
}

/// The rules of a field, on a value that has the right type.
void check_rules(const Field& field, const void* value, Decoder& decoder) {
  const Type* type = field.type;
  while (type->decode == decode_optional) {
    if (type->absent(value)) return;
    value = type->item(value, 0);
    type = type->inner;
  }
  if (type->decode == decode_string) {
    const auto& text = *static_cast<const std::string*>(value);
    const auto length = code_points(text);
    if (field.min_length && length < *field.min_length)
      return decoder.fail(length == 0 ? "required" : "too_short");
    if (field.max_length && length > *field.max_length) return decoder.fail("too_long");
    if (has_control_bytes(text)) return decoder.fail("invalid_characters");
    if (const auto* row = format_row(field.format); row && !row->matches(text))
      return decoder.fail(row->code);
    if (field.check)
      if (const char* code = field.check(text)) return decoder.fail(code);
  } else if (type->decode == decode_int) {
    const auto number = *static_cast<const std::int64_t*>(value);
    if (field.minimum && number < *field.minimum) return decoder.fail("too_small");
    if (field.maximum && number > *field.maximum) return decoder.fail("too_large");
  } else if (type->decode == decode_vector) {
    const auto count = type->count(value);
    if (field.min_length && count < *field.min_length) return decoder.fail("too_few");
    if (field.max_length && count > *field.max_length) return decoder.fail("too_many");
  } else if (type->decode == decode_bool) {
    if (field.must_be_true && !*static_cast<const bool*>(value)) decoder.fail("must_be_true");
  }
}

}  // namespace

void Decoder::fail(std::string_view code) {
  if (errors.size() < 50) errors.push_back({pointer, std::string(code)});
}

void finish(Decoder& decoder) {
  if (decoder.errors.empty()) return;
  json::array errors;
  std::string detail;
  std::size_t room = 3000;  // what a portico_error can carry
  for (const auto& [pointer, code] : decoder.errors) {
    const auto size = pointer.size() + code.size() + 28;
    if (size > room) break;
    room -= size;
    errors.push_back(json::object{{"pointer", pointer}, {"code", code}});
    detail += (detail.empty() ? "" : ", ") + pointer + " " + code;
  }
  throw Problem(422, "request.invalid", detail, 0, {{"errors", std::move(errors)}});
}

void decode_bool(const Type&, const json::value& in, void* out, Decoder& d) {
  if (const auto* b = in.if_bool())
    *static_cast<bool*>(out) = *b;
  else
    d.fail("not_a_boolean");
}

void decode_int(const Type&, const json::value& in, void* out, Decoder& d) {
  if (const auto* i = in.if_int64())
    *static_cast<std::int64_t*>(out) = *i;
  else
    d.fail("not_an_integer");
}

void decode_double(const Type&, const json::value& in, void* out, Decoder& d) {
  if (in.is_number())
    *static_cast<double*>(out) = in.to_number<double>();
  else
    d.fail("not_a_number");
}

void decode_string(const Type&, const json::value& in, void* out, Decoder& d) {
  if (const auto* s = in.if_string())
    static_cast<std::string*>(out)->assign(s->data(), s->size());
  else
    d.fail("not_a_text");
}

void decode_enum(const Type& type, const json::value& in, void* out, Decoder& d) {
  const auto* s = in.if_string();
  if (!s) return d.fail("not_a_text");
  const auto& names = *type.names;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == std::string_view(s->data(), s->size()))
      return type.set_enum(out, static_cast<std::int64_t>(i));
  d.fail("unknown_value");
}

void decode_optional(const Type& type, const json::value& in, void* out, Decoder& d) {
  if (!in.is_null()) type.inner->decode(*type.inner, in, type.emplace(out), d);
}

void decode_vector(const Type& type, const json::value& in, void* out, Decoder& d) {
  const auto* array = in.if_array();
  if (!array) return d.fail("not_a_list");
  for (std::size_t i = 0; i < array->size(); ++i) {
    Step step(d, std::to_string(i));
    type.inner->decode(*type.inner, (*array)[i], type.emplace(out), d);
  }
}

void decode_struct(const Type& type, const json::value& in, void* out, Decoder& d) {
  const auto* object = in.if_object();
  if (!object) return d.fail("not_an_object");
  const auto& fields = type.structure()->fields;
  for (const auto& field : fields) {
    Step step(d, field.name);
    void* member = static_cast<char*>(out) + field.offset;
    if (const auto* value = object->if_contains({field.name.data(), field.name.size()})) {
      const auto errors = d.errors.size();
      field.type->decode(*field.type, *value, member, d);
      if (d.errors.size() == errors) check_rules(field, member, d);
    } else if (field.type->decode != decode_optional) {
      d.fail("required");
    }
  }
  if (d.unknown == Unknown::ignore) return;
  for (const auto& member : *object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::none_of(fields.begin(), fields.end(), [&](const Field& f) { return f.name == key; })) {
      Step step(d, key.substr(0, 64));
      d.fail("unknown_member");
    }
  }
}

void decode_any(const Type&, const json::value& in, void* out, Decoder&) {
  *static_cast<json::value*>(out) = in;
}

json::value encode_bool(const Type&, const void* in) {
  return *static_cast<const bool*>(in);
}
json::value encode_int(const Type&, const void* in) {
  return *static_cast<const std::int64_t*>(in);
}
json::value encode_double(const Type&, const void* in) {
  return *static_cast<const double*>(in);
}
json::value encode_string(const Type&, const void* in) {
  const auto& text = *static_cast<const std::string*>(in);
  return json::value(json::string_view(text.data(), text.size()));
}

json::value encode_enum(const Type& type, const void* in) {
  const auto index = type.get_enum(in);
  if (index < 0) std::abort();  // an enum holds only what it describes
  const auto name = (*type.names)[static_cast<std::size_t>(index)];
  return json::value(json::string_view(name.data(), name.size()));
}

json::value encode_optional(const Type& type, const void* in) {
  return type.absent(in) ? json::value() : type.inner->encode(*type.inner, type.item(in, 0));
}

json::value encode_vector(const Type& type, const void* in) {
  json::array array;
  const auto count = type.count(in);
  array.reserve(count);
  for (std::size_t i = 0; i < count; ++i) array.push_back(type.inner->encode(*type.inner, type.item(in, i)));
  return array;
}

json::value encode_struct(const Type& type, const void* in) {
  json::object object;
  const auto& fields = type.structure()->fields;
  object.reserve(fields.size());
  for (const auto& field : fields) {
    const void* member = static_cast<const char*>(in) + field.offset;
    if (field.type->absent && field.type->absent(member)) continue;
    object.emplace(json::string_view(field.name.data(), field.name.size()),
                   field.type->encode(*field.type, member));
  }
  return object;
}

json::value encode_any(const Type&, const void* in) {
  return *static_cast<const json::value*>(in);
}

json::value schema_bool(const Type&, Schemas&) {
  return json::object{{"type", "boolean"}};
}
json::value schema_int(const Type&, Schemas&) {
  return json::object{{"type", "integer"}, {"format", "int64"}};
}
json::value schema_double(const Type&, Schemas&) {
  return json::object{{"type", "number"}};
}
json::value schema_string(const Type&, Schemas&) {
  return json::object{{"type", "string"}};
}
json::value schema_any(const Type&, Schemas&) {
  return json::object{};
}

json::value schema_enum(const Type& type, Schemas&) {
  json::array names;
  for (const auto& name : *type.names) names.push_back(json::string_view(name.data(), name.size()));
  return json::object{{"type", "string"}, {"enum", std::move(names)}};
}

json::value schema_optional(const Type& type, Schemas& all) {
  return type.inner->schema(*type.inner, all);
}

json::value schema_vector(const Type& type, Schemas& all) {
  return json::object{{"type", "array"}, {"items", type.inner->schema(*type.inner, all)}};
}

json::value schema_struct(const Type& type, Schemas& all) {
  const auto& structure = *type.structure();
  const json::object reference{{"$ref", "#/components/schemas/" + structure.name}};
  if (all.contains(structure.name)) return reference;
  all.emplace(structure.name, nullptr);  // ends recursion
  json::object properties;
  json::array required;
  for (const auto& field : structure.fields) {
    auto schema = field.type->schema(*field.type, all);
    if (auto* object = schema.if_object(); object && !object->contains("$ref")) {
      const auto& inner = plain(*field.type);
      const bool list = inner.decode == decode_vector;
      if (field.min_length) (*object)[list ? "minItems" : "minLength"] = *field.min_length;
      if (field.max_length) (*object)[list ? "maxItems" : "maxLength"] = *field.max_length;
      if (field.minimum) (*object)["minimum"] = *field.minimum;
      if (field.maximum) (*object)["maximum"] = *field.maximum;
      if (field.must_be_true) (*object)["enum"] = json::array{true};
      if (const auto* row = format_row(field.format)) {
        if (field.format == Format::language)
          (*object)["enum"] = json::array{"en", "ja"};
        else if (row->json_format)
          (*object)["format"] = row->json_format;
        else
          (*object)["pattern"] = row->pattern;
      }
    }
    const json::string_view name(field.name.data(), field.name.size());
    properties.emplace(name, std::move(schema));
    if (field.type->decode != decode_optional) required.push_back(name);
  }
  json::object schema{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  all[structure.name] = std::move(schema);
  return reference;
}

std::string component_name(const char* mangled) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = status == 0 ? demangled : mangled;
  std::free(demangled);
  std::string suffix;
  if (const auto open = name.find('<'); open != std::string::npos) {  // Page<Invoice> → InvoicePage
    suffix = name.substr(0, open);
    name = name.substr(open + 1, name.rfind('>') - open - 1);
    if (const auto colon = suffix.rfind("::"); colon != std::string::npos) suffix = suffix.substr(colon + 2);
  }
  if (const auto colon = name.rfind("::"); colon != std::string::npos) name = name.substr(colon + 2);
  return name + suffix;
}

}  // namespace portico::contract
