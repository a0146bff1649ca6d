// Accounts and contacts of the eleven sample customers, a catalogue, and some history.
#include "examples/sandbox/salesforce/seed.hpp"

#include <fmt/format.h>

#include <array>

#include "examples/sandbox/salesforce/values.hpp"
#include "examples/sandbox/salesforce/writer.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

struct Sample {
  int client;  // of the WHMCS room
  const char *first, *last, *company, *email, *street, *city, *state, *postcode, *country, *phone, *language;
};

constexpr std::array<Sample, 11> kSamples{{
    {101, "花子", "見本", "", "hanako@mihon.example", "見本町1-2-3", "千代田区", "東京都", "100-0001", "JP",
     "+81.312345678", "ja"},
    {102, "Zero", "Sample", "", "zero@sample.example", "1-1 Mihon-cho", "Osaka", "Osaka", "530-0001", "JP",
     "+81.612345678", "en"},
    {103, "太郎", "見本", "株式会社見本商事", "taro@mihon.example", "例示2-4-6", "横浜市", "神奈川県",
     "220-0012", "JP", "+81.451234567", "ja"},
    {104, "Pat", "O'Brien", "O'Brien & Söhne <Sample>", "pat@obrien.example", "4 \"Old\" Sample Lane",
     "Nagoya", "Aichi", "450-0002", "JP", "+81.521234567", "en"},
    {105, "Heidi", "Muster", "Muster & Söhne AG", "heidi@muster.example", "Musterweg 4", "Basel",
     "Basel-Stadt", "4057", "CH", "+41.612345678", "en"},
    {106, "Jane", "Placeholder", "", "jane@placeholder.example", "12 Sample Street", "Springfield", "Oregon",
     "97477", "US", "+1.5415550100", "en"},
    {107, "例子", "見本", "", "reiko@mihon.example", "見本通り7", "札幌市", "北海道", "060-0001", "JP",
     "+81.111234567", "ja"},
    {108, "Sakura", "Tojita", "", "blocked@sample.example", "3-3 Mihon-cho", "Fukuoka", "Fukuoka", "810-0001",
     "JP", "+81.921234567", "en"},
    {109, "Owari", "Sample", "", "closed@sample.example", "9-9 Mihon-cho", "Kyoto", "Kyoto", "600-8001", "JP",
     "+81.751234567", "en"},
    {110, "Midori", "Menzei", "Sample Embassy", "exempt@sample.example", "5-5 Mihon-cho", "Minato", "Tokyo",
     "106-0001", "JP", "+81.322345678", "en"},
    {111, "Yasumi", "Sample", "", "inactive@sample.example", "6-6 Mihon-cho", "Sendai", "Miyagi", "980-0001",
     "JP", "+81.221234567", "en"},
}};

struct Product {
  const char *code, *name, *category, *item_class, *cycle, *eligibility, *plan;
  double price;
  const char* whmcs;
};

constexpr std::array<Product, 10> kProducts{{
    {"INT-HOME-10G", "Fiber 10 Gbps (home)", "Internet", "Service", "Monthly", "Home 10G", "", 6600, "1"},
    {"INT-HOME-1G", "Fiber 1 Gbps (home)", "Internet", "Service", "Monthly", "Home 1G;Home 10G", "", 4950,
     "2"},
    {"INT-APT-1G", "Fiber 1 Gbps (apartment)", "Internet", "Service", "Monthly", "Apartment 1G", "", 4400,
     "3"},
    {"INT-APT-100M", "Fiber 100 Mbps (apartment)", "Internet", "Service", "Monthly", "Apartment 100M", "",
     3300, "4"},
    {"INT-INSTALL", "Installation", "Internet", "Installation", "Onetime", "", "", 22'000, "5"},
    {"SIM-3GB", "Mobile SIM 3 GB", "SIM", "Service", "Monthly", "", "PASI_3G", 990, "6"},
    {"SIM-10GB", "Mobile SIM 10 GB", "SIM", "Service", "Monthly", "", "PASI_10G", 1980, "7"},
    {"SIM-ACTIVATE", "SIM activation", "SIM", "Activation", "Onetime", "", "", 1500, "8"},
    {"VPN-TOKYO", "VPN router Tokyo", "VPN", "Service", "Monthly", "", "", 2500, "9"},
    {"VPN-LONDON", "VPN router London", "VPN", "Service", "Monthly", "", "", 2500, "10"},
}};

json::value text_or_null(const char* text) {
  return *text == '\0' ? json::value() : json::value(text);
}

class Seeder {
 public:
  explicit Seeder(Org& org) : org_(org), writer_(org, {integration_user_id(), "", true}) {}

  void run() {
    people_of_the_org();
    products();
    for (const auto& sample : kSamples) customer(sample);
    history();
  }

 private:
  std::string insert(std::string_view object, json::object record) {
    return writer_.insert(org_.schema.get(object), std::move(record));
  }
  std::string create(std::string_view object, const json::object& body) {
    return writer_.create(org_.schema.get(object), body);
  }
  std::string day(int from_today) const { return date_text(org_.today() + from_today); }

  void user(const char* username, const char* first, const char* last) {
    insert("User", {{"Username", username},
                    {"FirstName", first},
                    {"LastName", last},
                    {"Name", fmt::format("{} {}", first, last)},
                    {"Email", username},
                    {"Alias", std::string(last).substr(0, 8)},
                    {"IsActive", true},
                    {"UserType", "Standard"},
                    {"LanguageLocaleKey", "en_US"},
                    {"TimeZoneSidKey", "Asia/Tokyo"}});
  }

  void people_of_the_org() {
    insert("Organization", {{"Name", "Sample Provider"}});
    user(std::string(kIntegrationUsername).c_str(), "Portal", "Integration");
    user("agent@crm.sample.example", "Akari", "Agent");
    insert("Group", {{"Name", "Support"}, {"DeveloperName", "Support"}, {"Type", "Queue"}});
    for (const auto& [label, category, sort] :
         {std::tuple{"Draft", "Draft", 1}, {"Ready for Review", "Draft", 2}, {"Activated", "Activated", 3}})
      insert("OrderStatus", {{"ApiName", label},
                             {"MasterLabel", label},
                             {"StatusCode", category},
                             {"IsDefault", sort == 1},
                             {"SortOrder", sort}});
  }

  void products() {
    standard_ =
        insert("Pricebook2", {{"Name", "Standard Price Book"}, {"IsActive", true}, {"IsStandard", true}});
    portal_ = insert("Pricebook2", {{"Name", "Portal"}, {"IsActive", true}, {"IsStandard", false}});
    double order = 0;
    for (const auto& product : kProducts) {
      const std::string id = create("Product2", {{"Name", product.name},
                                                 {"ProductCode", product.code},
                                                 {"IsActive", true},
                                                 {"Family", product.category},
                                                 {"StockKeepingUnit", product.code},
                                                 {"WHMCS_Product_Id__c", product.whmcs},
                                                 {"Portal_Category__c", product.category},
                                                 {"Portal_Visible__c", true},
                                                 {"Item_Class__c", product.item_class},
                                                 {"Billing_Cycle__c", product.cycle},
                                                 {"Eligibility__c", text_or_null(product.eligibility)},
                                                 {"MVNE_Plan_Code__c", text_or_null(product.plan)},
                                                 {"Display_Order__c", ++order}});
      for (const auto& book : {standard_, portal_})
        entries_[product.code] = create(
            "PricebookEntry",
            {{"Pricebook2Id", book}, {"Product2Id", id}, {"UnitPrice", product.price}, {"IsActive", true}});
    }
  }

  void customer(const Sample& sample) {
    json::object account{{"Name", *sample.company == '\0' ? fmt::format("{} {}", sample.first, sample.last)
                                                          : std::string(sample.company)},
                         {"AccountNumber", fmt::format("C{}", sample.client)},
                         {"Type", "Customer - Direct"},
                         {"Phone", sample.phone},
                         {"WHMCS_Client_Id__c", fmt::format("{}", sample.client)},
                         {"Portal_Status__c", sample.client == 109 ? "Closed" : "Active"}};
    for (const char* address : {"Billing", "Shipping"}) place(account, address, sample);
    accounts_[sample.client] = create("Account", account);
    json::object contact{{"FirstName", sample.first},
                         {"LastName", sample.last},
                         {"Email", sample.email},
                         {"Phone", sample.phone},
                         {"AccountId", accounts_[sample.client]},
                         {"Preferred_Language__c", sample.language}};
    place(contact, "Mailing", sample);
    contacts_[sample.client] = create("Contact", contact);
  }

  static void place(json::object& into, const std::string& address, const Sample& sample) {
    into[address + "Street"] = sample.street;
    into[address + "City"] = sample.city;
    into[address + "State"] = sample.state;
    into[address + "PostalCode"] = sample.postcode;
    into[address + "Country"] = sample.country;
  }

  void history() {
    const auto first = create("Case", {{"ContactId", contacts_[101]},
                                       {"Subject", "夜間に速度が低下します"},
                                       {"Description", "毎晩21時ごろから遅くなります。"},
                                       {"Origin", "Web"},
                                       {"Status", "Working"},
                                       {"Portal_Category__c", "Internet"}});
    comment(first, "ルーターの型番を教えてください。", true);
    comment(first, "Line test ordered.", false);
    const auto second = create("Case", {{"ContactId", contacts_[101]},
                                        {"Subject", "Address on the invoice"},
                                        {"Origin", "Web"},
                                        {"Portal_Category__c", "Billing"}});
    writer_.update(org_.schema.get("Case"), second, {{"Status", "Closed"}});
    create("Case", {{"ContactId", contacts_[104]},
                    {"Subject", "O'Brien: 50% off \\ \"promised\"_"},
                    {"Origin", "Phone"},
                    {"Priority", "High"},
                    {"Portal_Category__c", "Billing"}});
    for (int i = 1; i <= 25; ++i)
      create("Case", {{"ContactId", contacts_[103]},
                      {"Subject", fmt::format("Sample question {:02}", i)},
                      {"Origin", i % 2 == 0 ? "Email" : "Web"},
                      {"Priority", i % 3 == 0 ? "Low" : "Medium"},
                      {"Portal_Category__c", "Mobile"}});
    create("ContentVersion", {{"Title", "Speed test"},
                              {"PathOnClient", "speed test.txt"},
                              {"FirstPublishLocationId", first},
                              {"VersionData", base64("down 12 Mbit/s\nup 3 Mbit/s\n")}});
    const auto active = order(101, "INT-HOME-1G", -30);
    writer_.update(org_.schema.get("Order"), active, {{"Status", "Activated"}});
    order(101, "SIM-3GB", -1);
    order(103, "VPN-TOKYO", -3);
  }

  void comment(const std::string& parent, const char* text, bool published) {
    create("CaseComment", {{"ParentId", parent}, {"CommentBody", text}, {"IsPublished", published}});
  }

  std::string order(int client, const char* code, int from_today) {
    const json::object& account = *org_.store.find(org_.schema.get("Account"), accounts_[client]);
    json::object body{
        {"AccountId", accounts_[client]},
        {"EffectiveDate", day(from_today)},
        {"Status", "Draft"},
        {"Pricebook2Id", portal_},
        {"BillToContactId", contacts_[client]},
        {"Portal_Order_Id__c", fmt::format("sample-{}-{}", client, code)},
        {"Type", std::string(code).substr(0, 3) == "INT" ? "Internet" : std::string(code).substr(0, 3)}};
    for (const char* part : {"Street", "City", "State", "PostalCode", "Country"})
      body[std::string("Billing") + part] = account.at(std::string("Billing") + part);
    const auto id = create("Order", body);
    create(
        "OrderItem",
        {{"OrderId", id}, {"PricebookEntryId", entries_[code]}, {"Quantity", 1}, {"UnitPrice", price(code)}});
    return id;
  }

  static double price(std::string_view code) {
    for (const auto& product : kProducts)
      if (code == product.code) return product.price;
    return 0;
  }

  Org& org_;
  Writer writer_;
  std::string standard_, portal_;
  std::map<int, std::string> accounts_, contacts_;
  std::map<std::string, std::string> entries_;  // of the portal's book, by product code
};

}  // namespace

void seed(Org& org) {
  Seeder(org).run();
  // The seed happened before anybody listened.
  org.store.changes.clear();
  org.store.settle();
}

}  // namespace sandbox::salesforce
