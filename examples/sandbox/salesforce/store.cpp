// Records and changes, and both as JSON.
#include "examples/sandbox/salesforce/store.hpp"

#include <fmt/format.h>

#include <utility>

#include "examples/sandbox/salesforce/ids.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::int64_t kKeptMs = std::int64_t{72} * 3600 * 1000;
constexpr std::size_t kKeptChanges = 50'000;

std::vector<std::string> texts(const json::value& list) {
  std::vector<std::string> out;
  for (const auto& one : list.as_array()) out.emplace_back(one.as_string());
  return out;
}

template <typename Map, typename Write>
json::object object_from(const Map& map, const Write& write) {
  json::object out;
  for (const auto& [key, value] : map) out[key] = write(value);
  return out;
}

}  // namespace

json::object Change::to_json() const {
  return {{"number", number},
          {"entity", entity},
          {"record_id", record_id},
          {"kind", kind},
          {"changed", json::array(changed.begin(), changed.end())},
          {"nulled", json::array(nulled.begin(), nulled.end())},
          {"values", values},
          {"transaction", transaction},
          {"sequence", sequence},
          {"origin", origin},
          {"user_id", user_id},
          {"committed_ms", committed_ms}};
}

Change Change::from_json(const json::object& from) {
  Change out;
  const auto text = [&](const char* name) { return std::string(from.at(name).as_string()); };
  out.number = from.at("number").to_number<std::int64_t>();
  out.entity = text("entity");
  out.record_id = text("record_id");
  out.kind = text("kind");
  out.changed = texts(from.at("changed"));
  out.nulled = texts(from.at("nulled"));
  out.values = from.at("values").as_object();
  out.transaction = text("transaction");
  out.sequence = from.at("sequence").to_number<std::int64_t>();
  out.origin = text("origin");
  out.user_id = text("user_id");
  out.committed_ms = from.at("committed_ms").to_number<std::int64_t>();
  return out;
}

const json::object* Store::find(const Object& object, const std::string& id) const {
  const auto found = tables.find(object.name);
  if (found == tables.end()) return nullptr;
  const auto record = found->second.find(id);
  return record == found->second.end() ? nullptr : &record->second;
}

json::object* Store::find(const Object& object, const std::string& id) {
  return const_cast<json::object*>(std::as_const(*this).find(object, id));
}

const Store::Table& Store::table(const Object& object) const {
  static const Table kEmpty;
  const auto found = tables.find(object.name);
  return found == tables.end() ? kEmpty : found->second;
}

std::string Store::next_id(const Object& object) {
  return make_id(object.prefix, ++numbers["id " + object.name]);
}

std::string Store::next_number(const std::string& name, std::int64_t first) {
  auto& last = numbers.try_emplace(name, first - 1).first->second;
  return fmt::format("{:08}", ++last);
}

void Store::note(Change change) {
  change.number = ++last_change;
  const std::int64_t oldest = change.committed_ms - kKeptMs;
  changes.push_back(std::move(change));
  while (changes.size() > kKeptChanges || changes.front().committed_ms < oldest) changes.pop_front();
}

void Store::remember(const Object& object, const std::string& id) {
  const auto* record = std::as_const(*this).find(object, id);
  journal_.push_back({object.name, id, record == nullptr ? std::nullopt : std::optional(*record)});
}

void Store::roll_back(const Mark& mark) {
  while (journal_.size() > mark.journal) {
    auto& last = journal_.back();
    if (last.record) {
      tables[last.object][last.id] = *std::move(last.record);
    } else {
      tables[last.object].erase(last.id);
    }
    journal_.pop_back();
  }
  numbers = mark.numbers;
  while (!changes.empty() && changes.back().number > mark.last_change) changes.pop_back();
  last_change = mark.last_change;
}

json::object Store::to_json() const {
  json::array kept;
  for (const auto& change : changes) kept.push_back(change.to_json());
  return {{"tables", object_from(tables,
                                 [](const Table& table) {
                                   return object_from(table,
                                                      [](const json::object& record) { return record; });
                                 })},
          {"numbers", object_from(numbers, [](std::int64_t number) { return number; })},
          {"sessions",
           object_from(sessions,
                       [](const Session& session) {
                         return json::object{{"user_id", session.user_id}, {"used_ms", session.used_ms}};
                       })},
          {"changes", std::move(kept)},
          {"last_change", last_change},
          {"day_began_ms", day_began_ms},
          {"day_calls", day_calls}};
}

Store Store::from_json(const json::object& from) {
  Store out;
  for (const auto& table : from.at("tables").as_object())
    for (const auto& record : table.value().as_object())
      out.tables[table.key()][record.key()] = record.value().as_object();
  for (const auto& number : from.at("numbers").as_object())
    out.numbers[number.key()] = number.value().to_number<std::int64_t>();
  for (const auto& session : from.at("sessions").as_object())
    out.sessions[session.key()] = {std::string(session.value().at("user_id").as_string()),
                                   session.value().at("used_ms").to_number<std::int64_t>()};
  for (const auto& change : from.at("changes").as_array())
    out.changes.push_back(Change::from_json(change.as_object()));
  out.last_change = from.at("last_change").to_number<std::int64_t>();
  out.day_began_ms = from.at("day_began_ms").to_number<std::int64_t>();
  out.day_calls = from.at("day_calls").to_number<std::int64_t>();
  return out;
}

bool is_deleted(const json::object& record) {
  return bool_of(record, "IsDeleted");
}

std::string text_of(const json::object& record, std::string_view field) {
  const auto* value = record.if_contains(field);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

bool bool_of(const json::object& record, std::string_view field) {
  const auto* value = record.if_contains(field);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace sandbox::salesforce
