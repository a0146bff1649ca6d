// The connector but the host, over real HTTP against the played org: what is read, limits, sessions, quirks,
// faults.
#include <set>

#include "client/base64.hpp"
#include "tests/connector.hpp"

using namespace salesforce;
using connectors::RunningSandbox;
namespace contract = portico::crm;

namespace {

soql::Select all_cases() {
  return soql::Select("Case").fields({"Id"}).order_by("Id", soql::Ordering::ascending);
}

}  // namespace

TEST_CASE("a customer is made once, found by its keys, and brought up to date") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  CHECK(code_of([&] { c.customers.find({"u-1", {}}); }) == "404 crm.customer_not_found");
  auto wanted = customer_of("u-1", "9001");
  const auto link = c.customers.upsert(wanted);
  CHECK(c.customers.upsert(wanted).contact_id == link.contact_id);
  CHECK(c.customers.find({"u-1", {}}).account_id == link.account_id);
  CHECK(c.customers.find({"u-1", "9001"}).contact_id == link.contact_id);
  CHECK(c.customers.find({{}, "9001"}).account_id == link.account_id);
  CHECK(code_of([&] { c.customers.find({"u-1", "101"}); }) == "404 crm.customer_not_found");
  CHECK(code_of([&] { c.customers.find({}); }) == "422 request.invalid /user_id required");
  CHECK(c.customers.account({link.account_id}).name == "Ada O'Lovelace");
  auto contact =
      c.customers.contact(link.account_id.empty() ? contract::ContactRef{}
                                                  : contract::ContactRef{link.account_id, link.contact_id});
  CHECK(contact.email == "u-1@example.com");
  CHECK(contact.address == wanted.address);
  wanted.company = "Engines & Söhne";
  wanted.phone = "";
  CHECK(c.customers.upsert(wanted).account_id == link.account_id);
  CHECK(c.customers.account({link.account_id}).name == "Engines & Söhne");
  CHECK_FALSE(c.customers.contact({link.account_id, link.contact_id}).phone);

  contract::AccountChange change{link.account_id, {}, "+81.1", contract::AccountState::closed, {}};
  const auto changed = c.customers.change_account(change);
  CHECK(changed.state == contract::AccountState::closed);
  CHECK(changed.phone == "+81.1");
  contract::ContactChange person{
      link.account_id, link.contact_id, {}, "Byron", "ada@byron.example", {}, "ja", {}};
  CHECK(c.customers.change_contact(person).last_name == "Byron");
  person.contact_id = sample(c, "101").contact_id;
  CHECK(code_of([&] { c.customers.change_contact(person); }) == "404 crm.contact_not_found");
  person.contact_id = link.contact_id, person.email = "no address";
  CHECK(code_of([&] { c.customers.change_contact(person); }) == "422 crm.refused /email invalid_email");
}

TEST_CASE("a home is checked by the staff, and its state is read") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto who = sample(c, "102");
  CHECK(c.customers.eligibility({who.account_id}).state == contract::EligibilityState::unchecked);
  const contract::EligibilityRequest request{
      "e-1", who.account_id, who.contact_id, {"2-2 Mihon-cho", "Osaka", "Osaka", "530-0001", "JP"}};
  CHECK(c.customers.request_eligibility(request).state == contract::EligibilityState::pending);
  CHECK(c.customers.request_eligibility(request).address.street == "2-2 Mihon-cho");
  contract::CaseQuery query;
  query.account_id = who.account_id;
  CHECK(c.cases.list(query).total == 1);
  c.client.update("Account", who.account_id,
                  {{"Internet_Eligibility_Status__c", "Eligible"},
                   {"Internet_Eligibility__c", "Apartment 1G"},
                   {"Internet_Eligibility_Checked_At__c", "2026-01-31T09:00:00Z"}});
  const auto now = c.customers.eligibility({who.account_id});
  CHECK(now.state == contract::EligibilityState::eligible);
  CHECK(now.line == "Apartment 1G");
  CHECK(now.checked_at == "2026-01-31T09:00:00Z");
  // The first request's repeat does not undo what the staff found.
  CHECK(c.customers.request_eligibility(request).state == contract::EligibilityState::eligible);
}

TEST_CASE("the catalogue is read whole, and by category") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto all = c.orders.products({}).items;
  REQUIRE(all.size() == 10);
  CHECK(all.at(0).code == "INT-HOME-10G");
  CHECK(all.at(0).price == portico::Money{6600, "JPY"});
  CHECK(all.at(1).lines == std::vector<std::string>{"Home 1G", "Home 10G"});
  CHECK(all.at(4).item_class == contract::ItemClass::installation);
  CHECK(all.at(4).cycle == contract::Cycle::one_time);
  CHECK(all.at(6).plan_code == "PASI_10G");
  CHECK(all.at(6).billing_product_id == "7");
  CHECK(c.orders.products({contract::Category::vpn, {}}).items.size() == 2);
  CHECK(code_of([&] {
          c.orders.products({contract::Category::mixed, {}});
        }) == "422 request.invalid /category not_one_of");
  Words dear;
  dear.currency = "USD";
  Connector dollars(sandbox, dear);
  CHECK(dollars.orders.products({}).items.at(0).price == portico::Money{660'000, "USD"});
  Words nowhere;
  nowhere.price_book = "It's gone";
  Connector none(sandbox, nowhere);
  CHECK(none.orders.products({}).items.empty());
}

TEST_CASE("an order from placing to its end") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto who = sample(c, "103");
  const auto wanted = order_of(c, who, "o-1");
  const auto placed = c.orders.place(wanted);
  CHECK(placed.summary.stage == contract::OrderStage::draft);
  CHECK(placed.summary.total == portico::Money{2 * 1980 + 1500, "JPY"});
  CHECK(placed.summary.reference == "o-1");
  CHECK(placed.summary.category == contract::Category::sim);
  REQUIRE(placed.lines.size() == 2);
  CHECK(placed.lines.at(0).quantity == 2);
  CHECK(placed.lines.at(0).cycle == contract::Cycle::monthly);
  CHECK(placed.billing_address == wanted.billing_address);
  CHECK(placed.service_address == wanted.service_address);
  CHECK(placed.wishes.sim == contract::SimChoice::esim);
  CHECK(placed.wishes.eid == wanted.wishes.eid);
  CHECK(c.orders.place(wanted).summary.id == placed.summary.id);

  const auto id = placed.summary.id;
  CHECK(c.orders.move({who.account_id, id, contract::OrderStage::review}).summary.stage ==
        contract::OrderStage::review);
  const auto active = c.orders.move({who.account_id, id, contract::OrderStage::active});
  CHECK(active.summary.stage == contract::OrderStage::active);
  CHECK(active.summary.stage_text == "Activated");
  CHECK(c.orders.move({who.account_id, id, contract::OrderStage::active}).summary.stage ==
        contract::OrderStage::active);

  contract::OrderProgress progress;
  progress.account_id = who.account_id, progress.order_id = id;
  progress.fulfilment = contract::Fulfilment::failed;
  progress.failure_code = "409-1", progress.failure_text = "line\nis busy";
  CHECK(c.orders.note(progress).failure_text == "line\nis busy");
  progress = {who.account_id, id, contract::Fulfilment::done, {}, {}, "77", {}};
  const auto done = c.orders.note(progress);
  CHECK(done.summary.fulfilment == contract::Fulfilment::done);
  CHECK_FALSE(done.failure_code);
  CHECK(done.billing_order_id == "77");
  progress = {
      who.account_id, id, {}, {}, {}, {}, {{placed.lines.at(0).id, "3103"}, {placed.lines.at(1).id, "3104"}}};
  CHECK(code_of([&] { c.orders.note(progress); }) ==
        "422 crm.refused  invalid");  // products of an active order
  c.orders.move({who.account_id, id, contract::OrderStage::draft});
  CHECK(c.orders.note(progress).lines.at(1).subscription_id == "3104");
  progress.lines.at(0).line_id = "802000000000001AAA";
  CHECK(code_of([&] { c.orders.note(progress); }) == "422 request.invalid /lines/0/line_id unknown");

  CHECK(code_of([&] { c.orders.get({sample(c, "101").account_id, id}); }) == "404 crm.order_not_found");
  auto other = wanted;
  other.items.at(0).price_id = "01u000000000001AAA";
  other.reference = "o-2";
  CHECK(code_of([&] { c.orders.place(other); }) == "422 crm.product_not_orderable /items/0/price_id unknown");
  other = wanted;
  other.account_id = sample(c, "101").account_id, other.contact_id = sample(c, "101").contact_id;
  CHECK(code_of([&] { c.orders.place(other); }) == "409 crm.duplicate");
  other.reference = "o-3", other.contact_id = who.contact_id;
  CHECK(code_of([&] { c.orders.place(other); }) == "404 crm.contact_not_found");
}

TEST_CASE("lists tell what there is, page by page") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto who = sample(c, "103");
  contract::CaseQuery query;
  query.account_id = who.account_id;
  query.page_size = 10;
  std::set<std::string> seen;
  for (query.page = 1; query.page <= 3; ++query.page) {
    const auto list = c.cases.list(query);
    CHECK(list.total == 25);
    CHECK(list.items.size() == (query.page < 3 ? 10 : 5));
    for (const auto& one : list.items) seen.insert(one.id);
  }
  CHECK(seen.size() == 25);
  query.page = 4;
  CHECK(c.cases.list(query).items.empty());
  CHECK(c.cases.list(query).total == 25);
  query.page = 1, query.search = "question 07";
  CHECK(c.cases.list(query).total == 1);
  query.search = "%";
  CHECK(c.cases.list(query).total == 0);
  query.search = {}, query.closed = true;
  CHECK(c.cases.list(query).total == 0);
  contract::OrderQuery orders;
  orders.account_id = sample(c, "101").account_id;
  const auto list = c.orders.list(orders);
  REQUIRE(list.total == 2);
  std::set<contract::OrderStage> stages;
  for (const auto& one : list.items) stages.insert(one.stage);
  CHECK(stages == std::set<contract::OrderStage>{contract::OrderStage::draft, contract::OrderStage::active});
}

TEST_CASE("a case from opening to its end, and only what is meant for the customer") {
  RunningSandbox sandbox;
  for (const bool keys : {false, true}) {
    INFO(keys);
    Words words;
    words.comment_keys = keys;
    Connector c(sandbox, words);
    const auto who = sample(c, "104");
    const auto opened = c.cases.open(case_of(who, fmt::format("c-{}", keys)));
    CHECK(opened.summary.subject == "It's \\ slow: 50%_off");
    CHECK(opened.description == "since\nyesterday");
    CHECK(opened.summary.status == contract::CaseStatus::open);
    const auto id = opened.summary.id;
    const contract::NewComment said{fmt::format("k-{}", keys), who.account_id, id,
                                    "It's \\'still' slow\n<b>"};
    const auto comment = c.cases.comment(said);
    CHECK(c.cases.comment(said).id == comment.id);
    c.client.create("CaseComment",
                    {{"ParentId", id}, {"CommentBody", "for the staff"}, {"IsPublished", false}});
    const auto read = c.cases.get({who.account_id, id});
    REQUIRE(read.comments.size() == 1);
    CHECK(read.comments.at(0).text == said.text);
    CHECK(read.comments.at(0).by_customer);
    CHECK(read.comments.at(0).author.empty());
    CHECK(c.cases.close({who.account_id, id}).summary.status == contract::CaseStatus::closed);
    CHECK(c.cases.close({who.account_id, id}).summary.closed_at);
    CHECK(code_of([&] { c.cases.get({sample(c, "101").account_id, id}); }) == "404 crm.case_not_found");
    auto foreign = said;
    foreign.account_id = sample(c, "101").account_id;
    CHECK(code_of([&] { c.cases.comment(foreign); }) == "404 crm.case_not_found");
    auto long_text = said;
    long_text.reference += "-long", long_text.text = std::string(4001, 'x');
    CHECK(code_of([&] { c.cases.comment(long_text); }) == "422 request.invalid /text too_long");
  }
  Connector c(sandbox);
  const auto who = sample(c, "101");
  contract::CaseQuery query;
  query.account_id = who.account_id;
  query.closed = false;
  const auto working = c.cases.get({who.account_id, c.cases.list(query).items.at(0).id});
  CHECK(working.comments.size() == 1);  // of two, one is the staff's own
}

TEST_CASE("a file goes up whole, in JSON or in parts, and comes down the same") {
  RunningSandbox sandbox;
  Connector c(sandbox);
  const auto who = sample(c, "104");
  const auto id = c.cases.open(case_of(who, "with-files")).summary.id;
  std::string large(3'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 2654435761U >> 13);
  const std::pair<std::string, std::string> rows[] = {{"写真 \"1\".png", large},
                                                      {"note.txt", "a"},
                                                      {"no ending", std::string("\0\r\n--", 5)},
                                                      {".hidden", "x"}};
  for (const auto& [name, bytes] : rows) {
    INFO(name);
    const contract::NewFile file{fmt::format("f-{}-{}", bytes.size(), name.size()), who.account_id, id, name,
                                 base64_encode(bytes)};
    const auto made = c.files.attach(file);
    CHECK(made.name == name);
    CHECK(made.size == static_cast<std::int64_t>(bytes.size()));
    CHECK(c.files.attach(file).id == made.id);
    const auto read = c.files.get({who.account_id, id, made.id});
    CHECK((read.content == file.content));
    CHECK(code_of([&] {
            c.files.get({sample(c, "101").account_id, id, made.id});
          }) == "404 crm.case_not_found");
  }
  CHECK(c.files.list({who.account_id, id}).items.size() == std::size(rows));
  CHECK(c.files.list({who.account_id, id}).items.at(0).name == ".hidden");
  const auto shown = c.files.list({who.account_id, id}).items.at(0).id;
  const auto links =
      c.client.query(soql::Select("ContentDocumentLink")
                         .fields({"Id"})
                         .where(soql::all_of({soql::equals("ContentDocumentId", soql::id(shown)),
                                              soql::equals("LinkedEntityId", soql::id(id))})),
                     1);
  c.client.update("ContentDocumentLink", Record(links.at(0).as_object()).id("Id"),
                  {{"Visibility", "InternalUsers"}});
  CHECK(c.files.list({who.account_id, id}).items.size() == std::size(rows) - 1);
  CHECK(code_of([&] { c.files.get({who.account_id, id, shown}); }) == "404 crm.file_not_found");
}

TEST_CASE("pages are read to their end") {
  RunningSandbox sandbox;
  sandbox.control("PUT", "/salesforce/switches", R"({"page_size":200})");
  Connector c(sandbox);
  for (int round = 0; round < 3; ++round) {
    std::vector<Part> parts;
    for (int i = 0; i < 25; ++i)
      parts.push_back({"POST", "sobjects/Case", fmt::format("c{}", i), {{"Subject", "many"}}});
    for (int i = 0; i < 3; ++i) c.client.composite(parts);
  }
  const auto count = c.client.count(all_cases());
  CHECK(count > 225);
  const auto rows = c.client.query(all_cases(), 1000);
  CHECK(rows.size() == static_cast<std::size_t>(count));
  CHECK(sandbox.calls_of(kVendor, "query_more") == 1);
  CHECK(code_of([&] { c.client.query(all_cases(), 200); }) == "502 upstream.refused");
}
