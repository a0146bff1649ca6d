// Every write against the played org, killed between act and answer in every way: it takes effect once.
#include "client/base64.hpp"
#include "tests/connector.hpp"

using namespace salesforce;
using connectors::RunningSandbox;
namespace contract = portico::crm;
using namespace std::chrono_literals;

namespace {

/// A write: the call it goes out by, what to do with a text that is new each time, and how many effects there
/// are.
struct Write {
  const char* name;
  const char* action;
  std::function<void(Connector&, const std::string& key)> run;
  std::function<std::int64_t(Connector&, const std::string& key)> effects;
};

std::int64_t count(Connector& c, const soql::Select& select) {
  return c.client.count(select);
}

/// How many updates of a record the org's list of changes has, past the connector.
std::int64_t changes_of(const RunningSandbox& sandbox, const std::string& id, const char* field) {
  std::int64_t out = 0;
  const auto all = sandbox.control("GET", "/salesforce/changes?since=0");
  for (const auto& change : all.at("changes").as_array()) {
    const auto is = [&](const char* member, std::string_view text) {
      return std::string_view(change.at(member).as_string()) == text;
    };
    if (!is("record_id", id) || !is("kind", "UPDATE")) continue;
    const auto* values = change.as_object().if_contains("values");
    if (values && values->is_object() && values->get_object().contains(field)) ++out;
  }
  return out;
}

}  // namespace

TEST_CASE("whatever happens to a write, repeating it has one effect") {
  RunningSandbox sandbox;
  Words keyed;
  keyed.comment_keys = true;
  Connector c(sandbox), k(sandbox, keyed);
  const auto who = sample(c, "102");
  const auto order = order_of(c, who, "template");
  std::string case_id, order_id, line_id;
  const auto of_case = [&](soql::Name object, soql::Name field) {
    return [=, &case_id](Connector& x, const std::string&) {
      return count(x, soql::Select(object).where(soql::equals(field, soql::id(case_id))));
    };
  };
  const std::vector<Write> writes = {
      {"upsert_customer", "composite",
       [](Connector& x, const std::string& key) {
         x.customers.upsert(customer_of(key, key.substr(key.size() - 8)));
       },
       [](Connector& x, const std::string& key) {
         return count(x, soql::Select("Contact").where(soql::equals("Portal_User_Id__c", soql::text(key))));
       }},
      {"request_eligibility", "composite",
       [&](Connector& x, const std::string& key) {
         x.customers.request_eligibility(
             {key, who.account_id, who.contact_id, {"3-3", "Osaka", "", "", "JP"}});
       },
       [](Connector& x, const std::string& key) {
         return count(x, soql::Select("Case").where(soql::equals("Portal_Case_Id__c", soql::text(key))));
       }},
      {"place_order", "composite",
       [&](Connector& x, const std::string& key) {
         auto wanted = order;
         wanted.reference = key;
         if (x.orders.place(wanted).lines.size() != 2) throw std::logic_error("an order without its items");
       },
       [](Connector& x, const std::string& key) {
         return count(x, soql::Select("OrderItem")
                             .where(soql::equals("Order.Portal_Order_Id__c", soql::text(key)))) /
                2;
       }},
      {"open_case", "create", [&](Connector& x, const std::string& key) { x.cases.open(case_of(who, key)); },
       [](Connector& x, const std::string& key) {
         return count(x, soql::Select("Case").where(soql::equals("Portal_Case_Id__c", soql::text(key))));
       }},
      {"add_comment by its text", "create",
       [&](Connector& x, const std::string& key) {
         x.cases.comment({key, who.account_id, case_id, "text of " + key});
       },
       of_case("CaseComment", "ParentId")},
      {"add_comment by its key", "create",
       [&](Connector&, const std::string& key) {
         k.cases.comment({key, who.account_id, case_id, "the same text"});
       },
       of_case("CaseComment", "ParentId")},
      {"attach_file", "create",
       [&](Connector& x, const std::string& key) {
         x.files.attach({key, who.account_id, case_id, key + ".txt", base64_encode("bytes")});
       },
       [](Connector& x, const std::string& key) {
         return count(
             x, soql::Select("ContentVersion").where(soql::equals("Portal_File_Id__c", soql::text(key))));
       }},
      {"close_case", "update",
       [&](Connector& x, const std::string&) {
         x.cases.close({who.account_id, case_id});
       },
       [&](Connector&, const std::string&) { return changes_of(sandbox, case_id, "Status"); }},
      {"update_account", "update",
       [&](Connector& x, const std::string& key) {
         x.customers.change_account({who.account_id, key, {}, {}, {}});
       },
       [](Connector& x, const std::string& key) {
         return count(x, soql::Select("Account").where(soql::equals("Name", soql::text(key))));
       }},
      {"update_contact", "update",
       [&](Connector& x, const std::string& key) {
         x.customers.change_contact({who.account_id, who.contact_id, {}, key, {}, {}, {}, {}});
       },
       [](Connector& x, const std::string& key) {
         return count(x, soql::Select("Contact").where(soql::equals("LastName", soql::text(key))));
       }},
      {"move_order", "update",
       [&](Connector& x, const std::string&) {
         x.orders.move({who.account_id, order_id, contract::OrderStage::active});
       },
       [&](Connector&, const std::string&) { return changes_of(sandbox, order_id, "Status"); }},
      {"note_progress of the order", "update",
       [&](Connector& x, const std::string&) {
         x.orders.note({who.account_id, order_id, contract::Fulfilment::failed, "1", "why", "88", {}});
       },
       [](Connector& x, const std::string&) {
         return count(x, soql::Select("Order").where(soql::equals("WHMCS_Order_Id__c", soql::text("88"))));
       }},
      {"note_progress of its lines", "collections",
       [&](Connector& x, const std::string&) {
         x.orders.note({who.account_id, order_id, {}, {}, {}, {}, {{line_id, "4711"}}});
       },
       [&](Connector&, const std::string&) { return changes_of(sandbox, line_id, "WHMCS_Service_Id__c"); }},
  };
  int round = 10'000'000;
  for (const auto& write : writes) {
    for (const char* kind :
         {"applied_then_timeout", "cut_body", "truncated_json", "wrong_shape", "http_500_html",
          "warning_only", "http_403_empty", "reset", "down", "refuse_4xx", "refuse_5xx", "error", "none"}) {
      INFO(write.name << " " << kind);
      const auto key = fmt::format("w-{}", ++round);
      const std::string_view name = write.name;
      if (name.find("comment") != name.npos || name.find("file") != name.npos || name == "close_case")
        case_id = c.cases.open(case_of(who, "prepared-" + key)).summary.id;
      if (name == "move_order" || name.starts_with("note_progress")) {
        auto prepared = order;
        prepared.reference = "prepared-" + key;
        const auto placed = c.orders.place(prepared);
        order_id = placed.summary.id, line_id = placed.lines.at(0).id;
      }
      const auto before = write.effects(c, key);
      sandbox.fault(kVendor, write.action, kind, std::string(kind) == "error" ? "session_expired" : "");
      if (std::string(kind) == "applied_then_timeout") c.transport.timeout = k.transport.timeout = 1s;
      const auto first = code_of([&] { write.run(c, key); });
      c.transport.timeout = k.transport.timeout = 60s;
      sandbox.no_faults();
      CHECK((first.empty() || first == "503 crm.outcome_unknown"));
      CHECK(code_of([&] { write.run(c, key); }).empty());
      CHECK(code_of([&] { write.run(c, key); }).empty());
      CHECK(write.effects(c, key) == before + 1);
    }
  }
}

TEST_CASE("a row that stays locked was surely not written, and says when to come again") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto who = sample(c, "102");
  sandbox.fault(kVendor, "create", "error", "lock_row", 0, 4);
  CHECK(code_of([&] { c.cases.open(case_of(who, "locked")); }) == "503 upstream.busy");
  CHECK(sandbox.calls_of(kVendor, "create") == 4);
  CHECK(code_of([&] { c.cases.open(case_of(who, "locked")); }) == "");
}

TEST_CASE("two who write the same at once make one record") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto who = sample(c, "102");
  const auto first = c.cases.open(case_of(who, "raced"));
  // The second comes without having seen the first: the org's index turns it down, and it is found.
  CHECK(c.cases.open(case_of(who, "raced")).summary.id == first.summary.id);
  // What is somebody else's is not handed out.
  CHECK(code_of([&] { c.cases.open(case_of(sample(c, "104"), "raced")); }) == "409 crm.duplicate");
}
