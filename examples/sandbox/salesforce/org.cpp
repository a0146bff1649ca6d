// Values as they are printed.
#include "examples/sandbox/salesforce/org.hpp"

#include <fmt/format.h>

#include "examples/sandbox/salesforce/ids.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

std::string org_id() {
  return make_id("00D", 1);
}

std::string integration_user_id() {
  return make_id("005", 1);
}

int Org::today() const {
  const auto local = clock.now() + std::chrono::minutes{switches.utc_offset_minutes};
  return static_cast<int>(std::chrono::floor<std::chrono::days>(local).time_since_epoch().count());
}

Row Reader::parent(const Row& row, const Field& reference) const {
  const std::string id = text_of(*row.record, reference.name);
  const Object* object = id.empty() ? nullptr : org_.schema.of_id(id);
  if (object == nullptr) return {};
  return {object, org_.store.find(*object, id)};
}

json::value Reader::formula(const Row& row, const Field& field) const {
  const auto dot = field.formula.find('.');
  const Field* reference = row.object->find_relationship(field.formula.substr(0, dot));
  const Row up = reference == nullptr ? Row{} : parent(row, *reference);
  const Field* target = up ? up.object->find(field.formula.substr(dot + 1)) : nullptr;
  return target == nullptr ? json::value() : value(up, *target);
}

json::value Reader::address(const Row& row, const Field& field) const {
  const std::string name = field.name.substr(0, field.name.size() - std::string_view("Address").size());
  json::object out;
  bool any = false;
  for (const auto& [part, member] : {std::pair{"City", "city"},
                                     {"Country", "country"},
                                     {"PostalCode", "postalCode"},
                                     {"State", "state"},
                                     {"Street", "street"}}) {
    const auto* found = row.record->if_contains(name + part);
    out[member] = found == nullptr ? json::value() : *found;
    any = any || !out[member].is_null();
  }
  if (!any) return nullptr;
  for (const char* member : {"countryCode", "geocodeAccuracy", "latitude", "longitude", "stateCode"})
    out[member] = nullptr;
  return out;
}

json::value Reader::value(const Row& row, const Field& field) const {
  if (!field.formula.empty()) return formula(row, field);
  if (field.type == Type::kAddress) return address(row, field);
  if (field.type == Type::kBase64)
    return json::value(
        fmt::format("{}/sobjects/{}/{}/{}", base_, row.object->name, text_of(*row.record, "Id"), field.name));
  const auto* found = row.record->if_contains(field.name);
  if (found == nullptr || found->is_null())
    return field.type == Type::kBoolean ? json::value(false) : json::value();
  return *found;
}

json::object Reader::attributes(const Row& row) const {
  return {{"type", row.object->name},
          {"url", fmt::format("{}/sobjects/{}/{}", base_, row.object->name, text_of(*row.record, "Id"))}};
}

json::object Reader::whole(const Row& row) const {
  json::object out{{"attributes", attributes(row)}};
  for (const auto& field : row.object->fields) out[field.name] = value(row, field);
  return out;
}

}  // namespace sandbox::salesforce
