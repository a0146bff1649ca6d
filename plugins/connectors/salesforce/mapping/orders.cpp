// Orders placed once with all their items, found by reference, brought into a stage.
#include "mapping/orders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "client/ids.hpp"
#include "mapping/order_words.hpp"
#include "soql/value.hpp"

namespace salesforce {

namespace json = boost::json;
namespace contract = portico::crm;
using contract::OrderStage;
using portico::Problem;

namespace {

constexpr std::size_t kMostProducts = 2000, kMostItems = 20, kMostLines = 200;
constexpr std::int64_t kMostPieces = 100;
constexpr char kNoOrder[] = "crm.order_not_found";

Problem not_orderable(std::size_t item) {
  json::array errors{json::object{{"pointer", fmt::format("/items/{}/price_id", item)}, {"code", "unknown"}}};
  return Problem(422, "crm.product_not_orderable", fmt::format("item {} is not in the price book", item), 0,
                 {{"errors", std::move(errors)}});
}

json::value word_of(std::string_view word) {
  return text_or_null(word);
}

contract::Product product_from(const Record& entry, const Desk& desk) {
  const auto product = entry.parent("Product2");
  if (!product) throw BadReply("Product2 is missing");
  contract::Product out;
  out.id = product->id("Id");
  out.price_id = entry.id("Id");
  out.code = product->text("ProductCode");
  out.name = product->text("Name");
  out.description = product->text("Description");
  out.category = ours_of(kCategories, product->text("Portal_Category__c"), Category::other);
  out.item_class = ours_of(kItemClasses, product->text("Item_Class__c"), ItemClass::other);
  out.cycle = ours_of(kCycles, product->text("Billing_Cycle__c"), Cycle::other);
  out.price = desk.money(entry, "UnitPrice");
  out.lines = product->choices("Eligibility__c");
  out.billing_product_id = product->text_if("WHMCS_Product_Id__c");
  out.plan_code = product->text_if("MVNE_Plan_Code__c");
  out.position = static_cast<std::int64_t>(std::llround(product->number_if("Display_Order__c").value_or(0)));
  return out;
}

contract::OrderLine line_from(const Record& item, const Desk& desk) {
  contract::OrderLine out;
  out.id = item.id("Id");
  out.product_id = item.id("Product2Id");
  if (const auto product = item.parent("Product2")) {
    out.code = product->text("ProductCode");
    out.name = product->text("Name");
    out.cycle = ours_of(kCycles, product->text("Billing_Cycle__c"), Cycle::other);
  }
  out.quantity = item.count("Quantity");
  out.unit_price = desk.money(item, "UnitPrice");
  out.total = desk.money(item, "TotalPrice");
  out.subscription_id = item.text_if("WHMCS_Service_Id__c");
  return out;
}

std::string line_pointer(std::size_t i, std::string_view member) {
  return fmt::format("/lines/{}/{}", i, member);
}

}  // namespace

contract::ProductList Orders::products(const contract::ProductQuery& query) {
  std::vector<soql::Condition> wanted{soql::equals("IsActive", soql::boolean(true)),
                                      soql::equals("Pricebook2.Name", soql::text(desk_.words.price_book)),
                                      soql::equals("Product2.IsActive", soql::boolean(true)),
                                      soql::equals("Product2.Portal_Visible__c", soql::boolean(true))};
  if (query.category) {
    const auto word = theirs_of(kCategories, *query.category);
    if (word.empty() || *query.category == Category::mixed)
      throw portico::invalid_field("/category", "not_one_of");
    wanted.push_back(soql::equals("Product2.Portal_Category__c", soql::text(word)));
  }
  const auto select =
      soql::Select("PricebookEntry")
          .fields({"Id", "UnitPrice", "Product2.Id", "Product2.ProductCode", "Product2.Name",
                   "Product2.Description", "Product2.Portal_Category__c", "Product2.Item_Class__c",
                   "Product2.Billing_Cycle__c", "Product2.Eligibility__c", "Product2.WHMCS_Product_Id__c",
                   "Product2.MVNE_Plan_Code__c", "Product2.Display_Order__c"})
          .where(soql::all_of(wanted))
          .order_by("Product2.Display_Order__c", soql::Ordering::ascending)
          .order_by("Id", soql::Ordering::ascending);
  return in_our_words(desk_, "query", [&] {
    contract::ProductList out;
    out.as_of = desk_.as_of();
    for (const auto& row : desk_.client.query(select, kMostProducts, how(query.urgency)))
      out.items.push_back(product_from(Record(row.as_object()), desk_));
    return out;
  });
}

std::vector<Orders::Entry> Orders::entries(const std::vector<contract::NewOrderItem>& items) {
  if (items.empty() || items.size() > kMostItems) throw portico::invalid_field("/items", "out_of_range");
  std::vector<soql::Value> ids;
  std::vector<std::string> wanted;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].quantity < 1 || items[i].quantity > kMostPieces)
      throw portico::invalid_field(fmt::format("/items/{}/quantity", i), "out_of_range");
    const auto id = full_id(items[i].price_id, "01u");
    if (!id) throw not_orderable(i);
    wanted.push_back(*id);
    ids.push_back(soql::id(*id));
  }
  const auto rows = desk_.client.query(
      soql::Select("PricebookEntry")
          .fields({"Id", "Pricebook2Id", "UnitPrice"})
          .where(soql::all_of({soql::in("Id", ids), soql::equals("IsActive", soql::boolean(true)),
                               soql::equals("Pricebook2.Name", soql::text(desk_.words.price_book)),
                               soql::equals("Product2.IsActive", soql::boolean(true)),
                               soql::equals("Product2.Portal_Visible__c", soql::boolean(true))})),
      kMostItems);
  std::vector<Entry> out;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const json::value& one) {
      return Record(one.as_object()).id("Id") == wanted[i];
    });
    if (row == rows.end()) throw not_orderable(i);
    const Record entry(row->as_object());
    const auto price = entry.number_if("UnitPrice");
    if (!price) throw BadReply("UnitPrice is no number");
    out.push_back({wanted[i], entry.id("Pricebook2Id"), *price});
  }
  return out;
}

std::optional<std::string> Orders::find_placed(const std::string& account, const std::string& reference) {
  const auto rows =
      desk_.client.query(soql::Select("Order")
                             .fields({"Id"})
                             .where(soql::all_of({soql::equals("Portal_Order_Id__c", soql::text(reference)),
                                                  soql::equals("AccountId", soql::id(account))}))
                             .limit(1),
                         1);
  if (rows.empty()) return std::nullopt;
  return Record(rows.front().as_object()).id("Id");
}

std::vector<Part> Orders::parts_of(const contract::NewOrder& order, const std::string& account,
                                   const std::string& contact) {
  const auto found = entries(order.items);
  const auto& wishes = order.wishes;
  json::object fields{{"Portal_Order_Id__c", order.reference},
                      {"AccountId", account},
                      {"BillToContactId", contact},
                      {"EffectiveDate", order.ordered_on},
                      {"Status", desk_.words.draft_status},
                      {"Pricebook2Id", found.front().book},
                      {"Type", word_of(theirs_of(kCategories, order.category))},
                      {"Activation_Type__c", wishes.starts_at ? "Scheduled" : "Immediate"}};
  put_address(fields, "Billing", order.billing_address);
  put_address(fields, "Shipping", order.service_address);
  if (order.billing_order_id) fields["WHMCS_Order_Id__c"] = *order.billing_order_id;
  if (wishes.starts_at) fields["Activation_Scheduled_At__c"] = *wishes.starts_at;
  if (wishes.sim) fields["SIM_Type__c"] = word_of(theirs_of(kSims, *wishes.sim));
  if (wishes.eid) fields["EID__c"] = *wishes.eid;
  if (wishes.port_in_reservation) {
    fields["MNP_Application__c"] = true;
    fields["MNP_Reservation_Number__c"] = *wishes.port_in_reservation;
  }
  if (wishes.access_mode) fields["Access_Mode__c"] = *wishes.access_mode;
  // The order has the key, so it comes first: a repeat is turned down as a duplicate and takes its items with
  // it.
  std::vector<Part> parts{{"POST", "sobjects/Order", "order", std::move(fields)}};
  for (std::size_t i = 0; i < found.size(); ++i)
    parts.push_back({"POST", "sobjects/OrderItem", fmt::format("item{}", i),
                     json::object{{"OrderId", "@{order.id}"},
                                  {"PricebookEntryId", found[i].id},
                                  {"Quantity", order.items[i].quantity},
                                  {"UnitPrice", found[i].price}}});
  return parts;
}

contract::Order Orders::place(const contract::NewOrder& order) {
  check_reference(order.reference);
  soql::date(order.ordered_on);
  check_address(order.billing_address, "/billing_address");
  check_address(order.service_address, "/service_address");
  const auto account = id_of(order.account_id, "001", "crm.account_not_found");
  const auto contact = id_of(order.contact_id, "003", "crm.contact_not_found");
  const auto look = [&] { return find_placed(account, order.reference); };
  return in_our_words(desk_, "composite", [&] {
    // What is sold and who lives there may have changed since an earlier try: what was placed is placed.
    auto id = look();
    if (!id) {
      customers_.expect_person(account, contact);
      const auto parts = parts_of(order, account, contact);
      id = make_once("composite", look, [&] {
        const auto bodies = desk_.client.composite(parts);
        return reading(desk_.client, "composite", [&] { return read_written(bodies.at("order")).id; });
      });
    }
    return get({account, *id});
  });
}

contract::OrderSummary Orders::summary_from(const Record& record) const {
  contract::OrderSummary out;
  out.id = record.id("Id");
  out.number = record.text("OrderNumber");
  out.reference = record.text_if("Portal_Order_Id__c");
  out.stage_text = record.text("Status");
  const auto& words = desk_.words;
  if (out.stage_text == words.review_status)
    out.stage = OrderStage::review;
  else if (record.text("StatusCode") == "Activated")
    out.stage = OrderStage::active;
  else if (out.stage_text == words.draft_status)
    out.stage = OrderStage::draft;
  out.category = ours_of(kCategories, record.text("Type"), Category::other);
  out.ordered_on = record.date("EffectiveDate");
  out.created_at = record.time("CreatedDate");
  out.total = desk_.money(record, "TotalAmount");
  out.fulfilment = ours_of(kFulfilments, record.text("Activation_Status__c"), Fulfilment::not_started);
  return out;
}

contract::Order Orders::order_from(const Record& record) const {
  contract::Order out;
  out.account_id = record.id("AccountId");
  out.summary = summary_from(record);
  for (const auto& item : record.children("OrderItems")) out.lines.push_back(line_from(item, desk_));
  out.billing_address = address_from(record, "Billing");
  out.service_address = address_from(record, "Shipping");
  out.wishes.starts_at = record.time_if("Activation_Scheduled_At__c");
  const auto sim = record.text("SIM_Type__c");
  for (const auto& word : kSims)
    if (word.theirs == sim) out.wishes.sim = word.ours;
  out.wishes.eid = record.text_if("EID__c");
  out.wishes.port_in_reservation = record.text_if("MNP_Reservation_Number__c");
  out.wishes.access_mode = record.text_if("Access_Mode__c");
  out.billing_order_id = record.text_if("WHMCS_Order_Id__c");
  out.failure_code = record.text_if("Activation_Error_Code__c");
  out.failure_text = record.text_if("Activation_Error_Message__c");
  out.as_of = desk_.as_of();
  return out;
}

contract::Order Orders::get(const contract::OrderRef& ref) {
  const auto account = id_of(ref.account_id, "001", kNoOrder);
  const auto id = id_of(ref.order_id, "801", kNoOrder);
  const auto items =
      soql::Select("OrderItems")
          .fields({"Id", "Product2Id", "Product2.ProductCode", "Product2.Name", "Quantity", "UnitPrice",
                   "TotalPrice", "Product2.Billing_Cycle__c", "WHMCS_Service_Id__c"})
          .order_by("Id", soql::Ordering::ascending)
          .limit(kMostLines);
  const auto select = soql::Select("Order")
                          .fields({"Id",
                                   "OrderNumber",
                                   "Portal_Order_Id__c",
                                   "Status",
                                   "StatusCode",
                                   "Type",
                                   "EffectiveDate",
                                   "CreatedDate",
                                   "TotalAmount",
                                   "Activation_Status__c",
                                   "AccountId",
                                   "BillingStreet",
                                   "BillingCity",
                                   "BillingState",
                                   "BillingPostalCode",
                                   "BillingCountry",
                                   "ShippingStreet",
                                   "ShippingCity",
                                   "ShippingState",
                                   "ShippingPostalCode",
                                   "ShippingCountry",
                                   "Activation_Scheduled_At__c",
                                   "SIM_Type__c",
                                   "EID__c",
                                   "MNP_Reservation_Number__c",
                                   "Access_Mode__c",
                                   "WHMCS_Order_Id__c",
                                   "Activation_Error_Code__c",
                                   "Activation_Error_Message__c"})
                          .children(items)
                          .where(soql::all_of({soql::equals("Id", soql::id(id)),
                                               soql::equals("AccountId", soql::id(account))}));
  return in_our_words(desk_, "query", [&] {
    const auto rows = desk_.client.query(select, 1);
    if (rows.empty()) throw Problem(404, kNoOrder, "no such order of this account");
    return order_from(Record(rows.front().as_object()));
  });
}

contract::OrderList Orders::list(const contract::OrderQuery& query) {
  check_page(query.page, query.page_size);
  const auto account = id_of(query.account_id, "001", "crm.account_not_found");
  const auto select = soql::Select("Order")
                          .fields({"Id", "OrderNumber", "Portal_Order_Id__c", "Status", "StatusCode", "Type",
                                   "EffectiveDate", "CreatedDate", "TotalAmount", "Activation_Status__c"})
                          .where(soql::equals("AccountId", soql::id(account)))
                          .order_by("CreatedDate", soql::Ordering::descending)
                          .order_by("Id", soql::Ordering::descending)
                          .limit(query.page_size)
                          .offset((query.page - 1) * query.page_size);
  return in_our_words(desk_, "query", [&] {
    contract::OrderList out;
    out.page = query.page, out.page_size = query.page_size;
    out.as_of = desk_.as_of();
    for (const auto& row :
         desk_.client.query(select, static_cast<std::size_t>(query.page_size), how(query.urgency)))
      out.items.push_back(summary_from(Record(row.as_object())));
    const auto shown = static_cast<std::int64_t>(out.items.size());
    const bool last = shown < query.page_size && (shown > 0 || query.page == 1);
    out.total =
        last ? (query.page - 1) * query.page_size + shown : desk_.client.count(select, how(query.urgency));
    return out;
  });
}

contract::Order Orders::move(const contract::OrderMove& move) {
  const auto& words = desk_.words;
  if (move.stage == OrderStage::other) throw portico::invalid_field("/stage", "not_one_of");
  const auto& status = move.stage == OrderStage::draft    ? words.draft_status
                       : move.stage == OrderStage::review ? words.review_status
                                                          : words.active_status;
  const contract::OrderRef ref{move.account_id, move.order_id};
  const auto there = get(ref);
  if (there.summary.stage == move.stage) return there;
  return in_our_words(desk_, "update", [&] {
    try {
      // Activation is refused beside any other field.
      set_once(
          "update", [&] { return get(ref).summary.stage == move.stage; },
          [&] {
            desk_.client.update("Order", there.summary.id, {{"Status", status}});
          });
    } catch (const Refusal& refusal) {
      const auto now = get(ref);
      if (now.summary.stage == move.stage) return now;  // somebody was faster
      if (refusal.has("UNABLE_TO_LOCK_ROW")) throw;
      throw Problem(409, "crm.order_state", problem_of(refusal).detail);
    }
    return get(ref);
  });
}

contract::Order Orders::note(const contract::OrderProgress& progress) {
  constexpr std::size_t kLongestCode = 80, kLongestText = 1000, kLongestKey = 20;
  const contract::OrderRef ref{progress.account_id, progress.order_id};
  check_length(progress.failure_code.value_or(""), "/failure_code", 0, kLongestCode);
  check_length(progress.failure_text.value_or(""), "/failure_text", 0, kLongestText);
  const auto there = get(ref);
  json::object fields;
  if (progress.fulfilment) {
    const bool failed = *progress.fulfilment == Fulfilment::failed;
    fields["Activation_Status__c"] = word_of(theirs_of(kFulfilments, *progress.fulfilment));
    fields["Activation_Error_Code__c"] =
        failed ? text_or_null(progress.failure_code.value_or("")) : json::value();
    fields["Activation_Error_Message__c"] =
        failed ? text_or_null(progress.failure_text.value_or("")) : json::value();
  }
  if (progress.billing_order_id) {
    check_length(*progress.billing_order_id, "/billing_order_id", 1, kLongestKey);
    fields["WHMCS_Order_Id__c"] = *progress.billing_order_id;
  }
  json::array lines;
  for (std::size_t i = 0; i < progress.lines.size(); ++i) {
    const auto& line = progress.lines[i];
    check_length(line.subscription_id, line_pointer(i, "subscription_id"), 1, kLongestKey);
    const auto known =
        std::find_if(there.lines.begin(), there.lines.end(),
                     [&](const contract::OrderLine& one) { return one.id == full_id(line.line_id); });
    if (known == there.lines.end()) throw portico::invalid_field(line_pointer(i, "line_id"), "unknown");
    if (known->subscription_id != line.subscription_id)
      lines.push_back(json::object{{"id", known->id}, {"WHMCS_Service_Id__c", line.subscription_id}});
  }
  return in_our_words(desk_, "update", [&] {
    const auto lines_stand = [&] {
      const auto now = get(ref);
      return std::all_of(
          progress.lines.begin(), progress.lines.end(), [&](const contract::LineResult& wanted) {
            return std::any_of(now.lines.begin(), now.lines.end(), [&](const contract::OrderLine& line) {
              return line.id == full_id(wanted.line_id) && line.subscription_id == wanted.subscription_id;
            });
          });
    };
    const auto order_stands = [&] {
      const auto now = get(ref);
      const bool failed = progress.fulfilment == Fulfilment::failed;
      return (!progress.fulfilment ||
              (now.summary.fulfilment == *progress.fulfilment &&
               now.failure_code.value_or("") == (failed ? progress.failure_code.value_or("") : "") &&
               now.failure_text.value_or("") == (failed ? progress.failure_text.value_or("") : ""))) &&
             (!progress.billing_order_id || now.billing_order_id == *progress.billing_order_id);
    };
    if (!lines.empty())
      set_once("collections", lines_stand, [&] { desk_.client.update_all("OrderItem", lines); });
    if (!fields.empty())
      set_once("update", order_stands, [&] { desk_.client.update("Order", there.summary.id, fields); });
    return get(ref);
  });
}

}  // namespace salesforce
