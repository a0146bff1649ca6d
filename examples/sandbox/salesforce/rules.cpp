// One function for each object that has rules.
#include "examples/sandbox/salesforce/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

const json::object* record_of(Writer& writer, std::string_view object, const std::string& id) {
  return id.empty() ? nullptr : writer.org().store.find(writer.org().schema.get(object), id);
}

/// The member of the changes, or of the record where it is not changed.
std::string after(const json::object& old, const json::object& changes, std::string_view field) {
  return text_of(changes.contains(field) ? changes : old, field);
}

double number_in(const json::object& record, std::string_view field) {
  const auto* value = record.if_contains(field);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0.0;
}

ApiError broken(const std::string& field, std::string_view why) {
  return refusal(Err::kIntegrity, field, why).on({field});
}

// ---- people ----

void name_contact(const json::object& old, json::object& changes) {
  const std::string first = after(old, changes, "FirstName");
  changes["Name"] = (first.empty() ? "" : first + " ") + after(old, changes, "LastName");
}

void check_duplicates(Writer& writer, const json::object& record) {
  const auto& rule = writer.org().switches.duplicate_rule;
  const std::string email = text_of(record, "Email");
  const bool alerts = rule == "alert";
  if (rule == "none" || email.empty() || (alerts && writer.actor().allow_duplicates)) return;
  for (const auto& [id, other] : writer.org().store.table(writer.org().schema.get("Contact"))) {
    if (is_deleted(other) || !equal_ignoring_case(text_of(other, "Email"), email)) continue;
    auto error = refusal(Err::kDuplicatesDetected).on({});
    const json::object match{
        {"additionalInformation", json::array{}},
        {"fieldDiffs", json::array{}},
        {"matchConfidence", 100.0},
        {"record", json::object{{"attributes", json::object{{"type", "Contact"}}}, {"Id", id}}}};
    error.extra["duplicateResult"] =
        json::object{{"allowSave", alerts},
                     {"duplicateRule", "Contacts_with_the_same_mail"},
                     {"duplicateRuleEntityType", "Contact"},
                     {"errorMessage", "Use one of these records?"},
                     {"matchResults", json::array{json::object{{"entityType", "Contact"},
                                                               {"errors", json::array{}},
                                                               {"matchEngine", "ExactMatchEngine"},
                                                               {"matchRecords", json::array{match}},
                                                               {"rule", "Contact_mail"},
                                                               {"size", 1},
                                                               {"success", true}}}}};
    throw std::move(error);
  }
}

// ---- cases ----

void check_case(Writer& writer, const json::object& record) {
  const auto& switches = writer.org().switches;
  const std::string subject = text_of(record, "Subject");
  if (!switches.case_rule.empty() && subject.find(switches.case_rule) != std::string::npos)
    throw refusal(Err::kValidationRule, switches.case_rule_text).on({"Subject"});
}

void close_case(Writer& writer, const json::object& old, json::object& changes) {
  const bool closes = text_of(changes, "Status") == "Closed";
  if (!changes.contains("Status") || closes == bool_of(old, "IsClosed")) return;
  changes["IsClosed"] = closes;
  changes["ClosedDate"] = closes ? json::value(datetime_text(writer.org().clock.now())) : json::value();
}

/// A case belongs to its contact's account unless one is named.
void fill_account(Writer& writer, const json::object& old, json::object& changes) {
  if (!after(old, changes, "AccountId").empty()) return;
  const auto* contact = record_of(writer, "Contact", text_of(changes, "ContactId"));
  const std::string account = contact == nullptr ? std::string{} : text_of(*contact, "AccountId");
  if (!account.empty()) changes["AccountId"] = account;
}

void add_comment(Writer& writer, const std::string& case_id, const json::object& given) {
  const std::string text = text_of(given, "Comments");
  if (text.empty()) return;
  writer.insert(writer.org().schema.get("CaseComment"), {{"ParentId", case_id},
                                                         {"CommentBody", text},
                                                         {"IsPublished", false},
                                                         {"IsNotificationSelected", false}});
}

// ---- orders ----

/// Draft or Activated of a status label, by the org's OrderStatus rows; "" for an unknown one.
std::string category_of(Writer& writer, const std::string& status) {
  for (const auto& [id, row] : writer.org().store.table(writer.org().schema.get("OrderStatus")))
    if (text_of(row, "ApiName") == status) return text_of(row, "StatusCode");
  return {};
}

std::vector<const json::object*> items_of(Writer& writer, const std::string& order_id) {
  std::vector<const json::object*> out;
  for (const auto& [id, item] : writer.org().store.table(writer.org().schema.get("OrderItem")))
    if (!is_deleted(item) && text_of(item, "OrderId") == order_id) out.push_back(&item);
  return out;
}

void total_order(Writer& writer, const std::string& order_id) {
  double total = 0;
  for (const auto* item : items_of(writer, order_id)) total += number_in(*item, "TotalPrice");
  writer.set(writer.org().schema.get("Order"), order_id, {{"TotalAmount", total}});
}

void begin_order(Writer& writer, json::object& record) {
  const std::string category = category_of(writer, text_of(record, "Status"));
  if (category.empty()) throw refusal(Err::kBadPicklist, "Status", text_of(record, "Status")).on({"Status"});
  if (category != "Draft")
    throw refusal(Err::kActivation, "Choose a status of the Draft category to create an order.")
        .on({"Status"});
  record["StatusCode"] = "Draft";
  record["TotalAmount"] = 0.0;
  record["OrderNumber"] = writer.org().store.next_number("Order", 100);
}

void change_order(Writer& writer, const json::object& old, json::object& changes) {
  const std::string id = text_of(old, "Id");
  const auto items = items_of(writer, id);
  if (changes.contains("Pricebook2Id") && !items.empty() &&
      text_of(changes, "Pricebook2Id") != text_of(old, "Pricebook2Id"))
    throw broken("Pricebook2Id", "the price book of an order with products cannot be changed");
  if (!changes.contains("Status")) return;
  const std::string category = category_of(writer, text_of(changes, "Status"));
  if (category.empty()) throw refusal(Err::kBadPicklist, "Status", text_of(changes, "Status")).on({"Status"});
  if (category == text_of(old, "StatusCode")) return;
  if (changes.size() > 1)
    throw refusal(Err::kActivation,
                  "Activating an order or taking it back to Draft may change only its status.")
        .on({"Status"});
  if (category == "Activated" && items.empty())
    throw refusal(Err::kActivation, "An order must have at least one product to be activated.")
        .on({"Status"});
  changes["StatusCode"] = category;
  const bool active = category == "Activated";
  changes["ActivatedDate"] = active ? json::value(datetime_text(writer.org().clock.now())) : json::value();
  changes["ActivatedById"] = active ? json::value(writer.actor().user_id) : json::value();
}

void expect_draft(Writer& writer, const std::string& order_id) {
  const auto* order = record_of(writer, "Order", order_id);
  if (order != nullptr && text_of(*order, "StatusCode") != "Draft")
    throw broken("OrderId", "products of an activated order cannot be changed");
}

void price_item(Writer& writer, const json::object& old, json::object& changes) {
  const auto number = [&](std::string_view field) {
    return number_in(changes.contains(field) ? changes : old, field);
  };
  expect_draft(writer, after(old, changes, "OrderId"));
  changes["TotalPrice"] = number("Quantity") * number("UnitPrice");
}

void begin_item(Writer& writer, json::object& record) {
  const auto* order = record_of(writer, "Order", text_of(record, "OrderId"));
  const auto* entry = record_of(writer, "PricebookEntry", text_of(record, "PricebookEntryId"));
  const std::string book = order == nullptr ? std::string{} : text_of(*order, "Pricebook2Id");
  if (book.empty()) throw broken("PricebookEntryId", "the order has no price book");
  if (entry == nullptr || text_of(*entry, "Pricebook2Id") != book)
    throw broken("PricebookEntryId", "pricebook entry is not in the price book of the order");
  if (!bool_of(*entry, "IsActive")) throw broken("PricebookEntryId", "pricebook entry is inactive");
  record["Product2Id"] = text_of(*entry, "Product2Id");
  record["ListPrice"] = number_in(*entry, "UnitPrice");
  record["OrderItemNumber"] = writer.org().store.next_number("OrderItem", 1);
  price_item(writer, {}, record);
}

void check_entry(Writer& writer, const json::object& record) {
  const Object& entries = writer.org().schema.get("PricebookEntry");
  const std::string book = text_of(record, "Pricebook2Id"), product = text_of(record, "Product2Id");
  bool has_standard = false;
  for (const auto& [id, other] : writer.org().store.table(entries)) {
    if (is_deleted(other) || text_of(other, "Product2Id") != product) continue;
    if (text_of(other, "Pricebook2Id") == book)
      throw refusal(Err::kDuplicateValue, "Pricebook2Id, Product2Id", id.substr(0, 15)).on({});
    const auto* other_book = record_of(writer, "Pricebook2", text_of(other, "Pricebook2Id"));
    has_standard = has_standard || (other_book != nullptr && bool_of(*other_book, "IsStandard"));
  }
  const auto* own_book = record_of(writer, "Pricebook2", book);
  if (!has_standard && own_book != nullptr && !bool_of(*own_book, "IsStandard"))
    throw refusal(Err::kNoStandardPrice).on({});
}

// ---- files ----

std::string keep_blob(Writer& writer, const Object& object, json::object& record, const std::string& field) {
  auto bytes = read_base64(text_of(record, field));
  if (!bytes) throw refusal(Err::kJsonParser, "Failed to decode VALUE_STRING as base64", 2).on({field});
  record["Id"] = writer.org().store.next_id(object);
  record.erase(field);
  std::string md5 = md5_hex(*bytes);
  record[object.name == "ContentVersion" ? "ContentSize" : "BodyLength"] =
      static_cast<std::int64_t>(bytes->size());
  writer.org().blobs.put(text_of(record, "Id"), *std::move(bytes));
  return md5;
}

void begin_version(Writer& writer, const Object& object, json::object& record) {
  record["Checksum"] = keep_blob(writer, object, record, "VersionData");
  const std::string path = text_of(record, "PathOnClient");
  const auto slash = path.find_last_of("/\\");
  const std::string file = slash == std::string::npos ? path : path.substr(slash + 1);
  const auto dot = file.rfind('.');
  const std::string extension = dot == std::string::npos ? "" : lower(file.substr(dot + 1));
  if (text_of(record, "Title").empty()) record["Title"] = file.substr(0, dot);
  std::string kind = extension.empty() ? "UNKNOWN" : extension;
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (kind == "TXT") kind = "TEXT";
  if (!extension.empty()) record["FileExtension"] = extension;
  record["FileType"] = kind;
  record["IsLatest"] = true;
  const Object& documents = writer.org().schema.get("ContentDocument");
  const std::string document = text_of(record, "ContentDocumentId");
  int versions = 0;
  if (document.empty()) {
    record["ContentDocumentId"] =
        writer.insert(documents, {{"LatestPublishedVersionId", text_of(record, "Id")}});
  } else {
    std::vector<std::string> former;
    for (const auto& [id, other] : writer.org().store.table(object)) {
      if (text_of(other, "ContentDocumentId") != document) continue;
      ++versions;
      if (bool_of(other, "IsLatest")) former.push_back(id);
    }
    for (const auto& id : former) writer.set(object, id, {{"IsLatest", false}});
    writer.set(documents, document, {{"LatestPublishedVersionId", text_of(record, "Id")}});
  }
  record["VersionNumber"] = std::to_string(versions + 1);
}

void link_version(Writer& writer, const json::object& record) {
  const std::string place = text_of(record, "FirstPublishLocationId");
  if (place.empty()) return;
  writer.insert(writer.org().schema.get("ContentDocumentLink"),
                {{"ContentDocumentId", text_of(record, "ContentDocumentId")},
                 {"LinkedEntityId", place},
                 {"ShareType", "V"},
                 {"Visibility", "AllUsers"}});
}

void check_link(Writer& writer, const Object& object, const json::object& record) {
  for (const auto& [id, other] : writer.org().store.table(object))
    if (!is_deleted(other) && text_of(other, "ContentDocumentId") == text_of(record, "ContentDocumentId") &&
        text_of(other, "LinkedEntityId") == text_of(record, "LinkedEntityId"))
      throw refusal(Err::kDuplicateValue, "ContentDocumentId, LinkedEntityId", id.substr(0, 15)).on({});
}

}  // namespace

void before_create(Writer& writer, const Object& object, json::object& record) {
  if (object.name == "Contact") {
    name_contact({}, record);
    check_duplicates(writer, record);
  } else if (object.name == "Case") {
    check_case(writer, record);
    fill_account(writer, {}, record);
    close_case(writer, {}, record);
    record["IsClosedOnCreate"] = bool_of(record, "IsClosed");
    record["CaseNumber"] = writer.org().store.next_number("Case", 1026);
    record.erase("Comments");
  } else if (object.name == "Order") {
    begin_order(writer, record);
  } else if (object.name == "OrderItem") {
    begin_item(writer, record);
  } else if (object.name == "PricebookEntry") {
    check_entry(writer, record);
  } else if (object.name == "ContentVersion") {
    begin_version(writer, object, record);
  } else if (object.name == "ContentDocumentLink") {
    check_link(writer, object, record);
  } else if (object.name == "Attachment") {
    keep_blob(writer, object, record, "Body");
  }
}

void after_create(Writer& writer, const Object& object, const json::object& record,
                  const json::object& given) {
  if (object.name == "Case") add_comment(writer, text_of(record, "Id"), given);
  if (object.name == "OrderItem") total_order(writer, text_of(record, "OrderId"));
  if (object.name == "ContentVersion") link_version(writer, record);
}

void before_update(Writer& writer, const Object& object, const json::object& old, json::object& changes) {
  if (object.name == "Contact") name_contact(old, changes);
  if (object.name == "Case") {
    check_case(writer, changes);
    if (changes.contains("ContactId")) fill_account(writer, old, changes);
    close_case(writer, old, changes);
    add_comment(writer, text_of(old, "Id"), changes);
    changes.erase("Comments");
  }
  if (object.name == "Order") change_order(writer, old, changes);
  if (object.name == "OrderItem") price_item(writer, old, changes);
}

void after_update(Writer& writer, const Object& object, const std::string& id, const json::object& changes) {
  if (object.name == "OrderItem" && changes.contains("TotalPrice"))
    total_order(writer, text_of(*record_of(writer, "OrderItem", id), "OrderId"));
}

void before_remove(Writer& writer, const Object& object, const json::object& record) {
  if (object.name == "Order" && text_of(record, "StatusCode") != "Draft")
    throw refusal(Err::kDeleteFailed, "Only orders in Draft can be deleted.").on({});
  if (object.name == "OrderItem") expect_draft(writer, text_of(record, "OrderId"));
}

void after_remove(Writer& writer, const Object& object, const json::object& record) {
  if (object.name == "OrderItem") total_order(writer, text_of(record, "OrderId"));
}

}  // namespace sandbox::salesforce
