// Bitmaps are hexadecimal numbers whose lowest bit is the first field.
#include "events/change.hpp"

#include <charconv>
#include <portico/problem.hpp>

namespace salesforce::events {

namespace {

namespace json = boost::json;

constexpr std::size_t kMostDigits = 4096;

[[noreturn]] void refuse(const char* why) {
  throw portico::Problem(502, "crm.event_unreadable", why);
}

std::vector<std::size_t> bits_of(std::string_view hex) {
  if (!hex.starts_with("0x") || hex.size() == 2 || hex.size() > kMostDigits) refuse("a bitmap that is none");
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < hex.size() - 2; ++i) {
    const char c = hex[hex.size() - 1 - i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) refuse("a bitmap that is no hexadecimal number");
    for (unsigned bit = 0; bit < 4; ++bit)
      if (digit >> bit & 1) out.push_back(4 * i + bit);
  }
  return out;
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (!value || !value->is_string()) refuse("a header without one of its texts");
  return std::string(value->get_string());
}

std::vector<std::string> list_in(const json::object& object, std::string_view name) {
  std::vector<std::string> out;
  const auto* value = object.if_contains(name);
  if (!value) return out;  // newer members are not in older schemas
  if (!value->is_array()) refuse("a header with something else for a list");
  for (const auto& one : value->get_array()) {
    if (!one.is_string()) refuse("a header with something else in a list of texts");
    out.emplace_back(one.get_string());
  }
  return out;
}

}  // namespace

std::vector<std::string> named_by(const AvroSchema& schema, const std::vector<std::string>& bitmaps) {
  const auto fields = schema.fields();
  std::vector<std::string> out;
  for (const std::string_view map : bitmaps) {
    const auto dash = map.find('-');
    if (dash == map.npos) {
      for (const auto bit : bits_of(map))
        if (bit < fields.size()) out.push_back(fields[bit]);
      continue;
    }
    std::size_t parent = 0;
    const auto [end, ec] = std::from_chars(map.data(), map.data() + dash, parent);
    if (ec != std::errc() || end != map.data() + dash) refuse("a bitmap of no field");
    const auto children = schema.children(parent);
    for (const auto bit : bits_of(map.substr(dash + 1)))
      if (bit < children.size()) out.push_back(fields[parent] + "." + children[bit]);
  }
  return out;
}

std::optional<Change> change_of(const AvroSchema& schema, const json::object& event) {
  const auto* value = event.if_contains("ChangeEventHeader");
  if (!value) return std::nullopt;
  if (!value->is_object()) refuse("a header that is none");
  const auto& header = value->get_object();
  Change change;
  change.entity = text_in(header, "entityName");
  change.type = text_in(header, "changeType");
  change.record_ids = list_in(header, "recordIds");
  if (const auto* origin = header.if_contains("changeOrigin"); origin && origin->is_string())
    change.origin = std::string(origin->get_string());
  if (const auto* at = header.if_contains("commitTimestamp"); at && at->is_int64())
    change.commit_ms = at->get_int64();
  change.changed = named_by(schema, list_in(header, "changedFields"));
  change.nulled = named_by(schema, list_in(header, "nulledFields"));
  return change;
}

}  // namespace salesforce::events
