// JSON and contracts: the strict reader takes what Boost.JSON takes, less repeated keys; what a contract
// accepts survives being written and read again.
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <portico/contracts/billing.hpp>

#include "tests/fuzz/lib/target.hpp"

namespace json = boost::json;
using fuzz::promise;

namespace fuzz {

enum class Size { small, large };
BOOST_DESCRIBE_ENUM(Size, small, large)

/// A field of every type and a rule of every kind.
struct Form {
  std::string name;
  std::optional<std::string> note;
  std::string email, phone, day, id, country, language;
  std::int64_t count = 0;
  double share = 0;
  bool accepted = false;
  Size size = Size::small;
  std::vector<std::string> tags;
  std::vector<portico::Money> parts;
  std::optional<portico::billing::Address> address;
  json::value anything;
};
BOOST_DESCRIBE_STRUCT(Form, (),
                      (name, note, email, phone, day, id, country, language, count, share, accepted, size,
                       tags, parts, address, anything))

}  // namespace fuzz

template <>
struct portico::Rules<fuzz::Form> {
  static void apply(RuleSet<fuzz::Form>& rule) {
    using fuzz::Form;
    rule(&Form::name).length(1, 20);
    rule(&Form::note).length(0, 40);
    rule(&Form::email).format(Format::email);
    rule(&Form::phone).format(Format::phone);
    rule(&Form::day).format(Format::date);
    rule(&Form::id).format(Format::uuid);
    rule(&Form::country).format(Format::country);
    rule(&Form::language).format(Format::language);
    rule(&Form::count).range(-5, 5);
    rule(&Form::accepted).must_be_true();
    rule(&Form::tags).length(1, 3);
  }
};

namespace {

bool is_within_rules(const fuzz::Form& form) {
  return !form.name.empty() && form.name.size() <= 80 && form.count >= -5 && form.count <= 5 &&
         form.accepted && !form.tags.empty() && form.tags.size() <= 3 &&
         form.email.find('@') != std::string::npos && form.day.size() == 10 && form.id.size() == 36 &&
         form.country.size() == 2 && (form.language == "en" || form.language == "ja");
}
bool is_within_rules(const portico::billing::Invoice&) {
  return true;  // what one of our own plugins says needs no rules
}

// Boost.JSON reads a number with fraction or exponent to the nearest but one double, so such a value may
// differ once more.
bool has_double(const json::value& value) {
  if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), has_double);
  if (const auto* object = value.if_object())
    return std::any_of(object->begin(), object->end(),
                       [](const auto& member) { return has_double(member.value()); });
  return value.is_double();
}

/// Counts the members as written; a parsed value has fewer when a key came twice.
struct MemberCounter {
  static constexpr std::size_t max_object_size = std::size_t(-1), max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1), max_string_size = std::size_t(-1);
  std::size_t members = 0;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t n, json::error_code&) { return members += n, true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_key(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

std::size_t members_of(const json::value& value) {
  std::size_t members = 0;
  if (const auto* object = value.if_object()) {
    members = object->size();
    for (const auto& member : *object) members += members_of(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& item : *array) members += members_of(item);
  }
  return members;
}

bool is_finite(const json::value& value) {
  if (const auto* array = value.if_array()) return std::all_of(array->begin(), array->end(), is_finite);
  if (const auto* object = value.if_object())
    return std::all_of(object->begin(), object->end(),
                       [](const auto& member) { return is_finite(member.value()); });
  return !value.is_double() || std::isfinite(value.get_double());
}

/// What Boost.JSON by itself makes of the text; nothing where it refuses, where a key comes twice in one
/// object, or where a number became infinity or none.
std::optional<json::value> by_boost(std::string_view text) {
  json::error_code error;
  auto value = json::parse(text, error);
  if (error) return std::nullopt;
  json::basic_parser<MemberCounter> counter{json::parse_options()};
  counter.write_some(false, text.data(), text.size(), error);
  promise(!error, "Boost.JSON agrees with itself");
  // A repeated key hides members; inside what it hid there may be more, and numbers too.
  return counter.handler().members == members_of(value) && is_finite(value) ? std::optional(std::move(value))
                                                                            : std::nullopt;
}

template <class Contract>
void check_contract(const json::value& value, portico::Unknown unknown) {
  Contract decoded;
  try {
    decoded = portico::decode<Contract>(value, unknown);
  } catch (const portico::Problem& refused) {
    promise(refused.status == 422 && refused.code == "request.invalid", "a contract refuses with its code");
    const auto* errors = refused.members.if_contains("errors");
    return promise(errors && errors->is_array(), "a refusal lists what is wrong");
  }
  promise(is_within_rules(decoded), "what is accepted is within the rules");
  if (has_double(value)) return;
  const auto text = portico::encode_text(decoded);
  promise(portico::encode_text(portico::decode_text<Contract>(text)) == text, "a contract survives its JSON");
}

}  // namespace

void fuzz::check(std::string_view input) {
  const auto expected = by_boost(input);
  std::optional<json::value> value;
  try {
    value = portico::parse_json(input);
  } catch (const portico::Problem& refused) {
    promise(refused.status == 400 && refused.code == "request.malformed_json",
            "JSON is refused with its code");
  }
  promise(value.has_value() == expected.has_value(),
          "the strict reader takes what Boost.JSON takes, less repeated keys");
  if (!value) return;
  promise(*value == *expected, "the strict reader reads the same value");
  if (!has_double(*value))
    promise(portico::parse_json(json::serialize(*value)) == *value, "a value survives its JSON");
  for (const auto unknown : {portico::Unknown::refuse, portico::Unknown::ignore}) {
    check_contract<portico::billing::Invoice>(*value, unknown);
    check_contract<fuzz::Form>(*value, unknown);
  }
}
