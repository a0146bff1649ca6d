// Lists with honest totals, ownership, and where a sign-on link may lead.
#include "mapping/invoices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/fake_api.hpp"

using namespace whmcs;
namespace contract = portico::billing;
using contract::InvoiceStatus;

namespace {

/// 2025-06-20 12:00 in Tokyo.
constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1750388400)};

std::string fixed_zone() {
  // A TZif file of one zone that is always nine hours east.
  std::string head = std::string("TZif2") + std::string(15, '\0');
  const auto number = [](std::uint32_t n) {
    return std::string{static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                       static_cast<char>(n)};
  };
  for (const std::uint32_t n : {0u, 0u, 0u, 0u, 1u, 4u}) head += number(n);
  const std::string block = head + number(32400) + std::string(2, '\0') + std::string("JST\0", 4);
  return block + block + "\nJST-9\n";
}

/// Holds invoices of client 418 and answers GetInvoices as WHMCS does.
class Shop final : public Api {
 public:
  struct Row {
    int id;
    const char* status;
    const char* due;
  };
  std::vector<Row> rows;
  int owner = 418;
  int calls = 0;

 protected:
  boost::json::object send(std::string_view action, const Form& form, Kind) override {
    ++calls;
    REQUIRE(action == "GetInvoices");
    REQUIRE(*form.find("orderby") == "id");
    REQUIRE(*form.find("order") == "desc");
    auto sorted = rows;
    const auto* status = form.find("status");
    std::erase_if(sorted, [&](const Row& row) {
      if (!status) return false;
      if (*status == "Overdue")
        return !(std::string(row.status) == "Unpaid" && std::string(row.due) < "2025-06-20");
      return *status != row.status;
    });
    std::sort(sorted.begin(), sorted.end(), [](const Row& a, const Row& b) { return a.id > b.id; });
    const auto start = std::stoul(*form.find("limitstart")), count = std::stoul(*form.find("limitnum"));
    boost::json::array list;
    for (auto i = start; i < std::min(sorted.size(), start + count); ++i)
      list.push_back(boost::json::object{{"id", sorted[i].id},
                                         {"userid", owner},
                                         {"invoicenum", ""},
                                         {"date", "2025-06-01"},
                                         {"duedate", sorted[i].due},
                                         {"total", "1980.00"},
                                         {"status", sorted[i].status},
                                         {"currencycode", "JPY"}});
    return {{"result", "success"},
            {"totalresults", std::to_string(sorted.size())},
            {"invoices", boost::json::object{{"invoice", std::move(list)}}}};
  }
  portico::Problem bad_reply(std::string_view, std::string_view what) override {
    return portico::Problem(502, "upstream.bad_reply", std::string(what));
  }
};

/// The invoices of a shop that counts in francs.
struct Over {
  explicit Over(Api& api, std::string origin = "https://billing.example.ch")
      : desk{api, Zone::parse(fixed_zone()), [] { return kNow; },
             [](const std::string&) { return std::string("CHF"); }},
        invoices(desk, std::move(origin)) {}
  Desk desk;
  Invoices invoices;
};

std::string ids(const contract::InvoiceList& list) {
  std::string out;
  for (const auto& item : list.items) out += (out.empty() ? "" : " ") + item.id;
  return out;
}

contract::InvoiceList ask(Api& api, int page, int size, std::optional<InvoiceStatus> status = {}) {
  return Over(api).invoices.list({"418", page, size, status});
}

}  // namespace

TEST_CASE("a list is newest first and its total counts what may be shown") {
  Shop shop;
  for (int id = 1; id <= 7; ++id)
    shop.rows.push_back({id, id == 2 || id == 6 ? "Draft" : "Paid", "2025-06-25"});
  struct Row {
    const char* rule;
    int page, size;
    const char* ids;
  };
  const Row rows[] = {
      {"all fit", 1, 20, "7 5 4 3 1"},   {"exactly all with drafts", 1, 7, "7 5 4 3 1"},
      {"first page", 1, 2, "7 5"},       {"second page starts where the first ended", 2, 2, "4 3"},
      {"last page is short", 3, 2, "1"}, {"past the end", 4, 2, ""},
      {"far past the end", 100, 50, ""}};
  for (const auto& row : rows) {
    INFO(row.rule);
    const auto list = ask(shop, row.page, row.size);
    CHECK(ids(list) == row.ids);
    CHECK(list.total == 5);
    CHECK(list.page == row.page);
    CHECK(list.as_of == "2025-06-20T03:00:00Z");
  }
}

TEST_CASE("without drafts a page costs its own call and one that counts drafts") {
  Shop shop;
  for (int id = 1; id <= 45; ++id) shop.rows.push_back({id, "Paid", "2025-06-25"});
  CHECK(ask(shop, 2, 20).total == 45);
  CHECK(shop.calls == 2);
  shop.calls = 0;
  CHECK(ask(shop, 1, 50).total == 45);
  CHECK(shop.calls == 1);
  shop.calls = 0;
  CHECK(ids(ask(shop, 3, 20, InvoiceStatus::paid)) == "5 4 3 2 1");
  CHECK(shop.calls == 1);
}

TEST_CASE("unpaid and overdue are told apart by the portal's date, with totals of their own") {
  Shop shop;
  for (int id = 1; id <= 6; ++id) shop.rows.push_back({id, "Unpaid", id % 2 ? "2025-06-19" : "2025-06-20"});
  shop.rows.push_back({7, "Paid", "2025-06-01"});
  auto list = ask(shop, 1, 2, InvoiceStatus::unpaid);
  CHECK(ids(list) == "6 4");
  CHECK(list.total == 3);
  CHECK(list.items[0].status == InvoiceStatus::unpaid);
  list = ask(shop, 2, 2, InvoiceStatus::unpaid);
  CHECK(ids(list) == "2");
  list = ask(shop, 1, 2, InvoiceStatus::overdue);
  CHECK(ids(list) == "5 3");
  CHECK(list.total == 3);
  CHECK(list.items[0].status == InvoiceStatus::overdue);
  list = ask(shop, 1, 20);
  CHECK(ids(list) == "7 6 5 4 3 2 1");
  CHECK(list.items[2].status == InvoiceStatus::overdue);
}

TEST_CASE("drafts are never listed, not even when asked for") {
  Shop shop;
  shop.rows = {{1, "Draft", "2025-06-25"}};
  CHECK(ask(shop, 1, 20, InvoiceStatus::draft).items.empty());
  CHECK(shop.calls == 0);
  const auto all = ask(shop, 1, 20);
  CHECK(all.items.empty());
  CHECK(all.total == 0);
}

TEST_CASE("a row of another client spoils the whole reply") {
  Shop shop;
  shop.owner = 419;
  shop.rows = {{1, "Paid", "2025-06-25"}};
  CHECK(code_of([&] { ask(shop, 1, 20); }) == "502 upstream.bad_reply");
}

TEST_CASE("a page beyond measure and a senseless customer are refused before anything is sent") {
  Shop shop;
  for (const auto& query :
       {contract::InvoiceQuery{"418", 0, 20, {}}, contract::InvoiceQuery{"418", 1, 101, {}},
        contract::InvoiceQuery{"418", 1, 0, {}}, contract::InvoiceQuery{"418", 10'001, 20, {}}})
    CHECK(code_of([&] { Over(shop).invoices.list(query); }) == "422 request.invalid");
  CHECK(code_of([&] { Over(shop).invoices.list({"0", 1, 20, {}}); }) == "404 billing.customer_not_found");
  CHECK(shop.calls == 0);
}

TEST_CASE("an invoice is its owner's only; everything else looks absent") {
  const auto reply = [](int user, const char* status) {
    return fmt::format(
        R"({{"result":"success","invoiceid":9,"userid":"{}","status":"{}","date":"2025-06-11","duedate":"2025-06-25",
      "subtotal":"10.00","credit":"0.00","tax":"0.00","total":"10.00","taxrate":"0.000","items":[],"transactions":""}})",
        user, status);
  };
  struct Row {
    const char* rule;
    FakeApi::Answer answer;
    const char* outcome;
  };
  const Row rows[] = {
      {"own", reply(418, "Unpaid"), ""},
      {"another client's", reply(419, "Unpaid"), "404 billing.invoice_not_found"},
      {"a draft", reply(418, "Draft"), "404 billing.invoice_not_found"},
      {"absent", Refusal("GetInvoice", "Invoice ID Not Found"), "404 billing.invoice_not_found"},
      {"another invoice than asked for", R"({"result":"success","invoiceid":8,"userid":418})",
       "502 upstream.bad_reply"},
      {"no owner", R"({"result":"success","invoiceid":9})", "502 upstream.bad_reply"}};
  for (const auto& row : rows) {
    INFO(row.rule);
    FakeApi api({{"GetInvoice", row.answer}});
    std::optional<contract::Invoice> invoice;
    CHECK(code_of([&] { invoice = Over(api).invoices.get({"418", "9"}); }) == row.outcome);
    if (invoice) CHECK(invoice->total == portico::Money{1000, "CHF"});
  }
  FakeApi silent({});
  for (const char* id : {"", "0", "x", "-9", "9.0", " 9", "9999999999999999999"})
    CHECK(code_of([&] { Over(silent).invoices.get({"418", id}); }) == "404 billing.invoice_not_found");
}

TEST_CASE("a sign-on link must lead to the billing site") {
  const auto reply = [](const char* url) {
    return fmt::format(R"({{"result":"success","access_token":"c0ffee","redirect_url":"{}"}})", url);
  };
  FakeApi api({{"CreateSsoToken",
                reply("https:\\/\\/billing.example.ch\\/oauth\\/singlesignon.php?access_token=c0ffee")}});
  const auto link = Over(api).invoices.link({"418", "9001"});
  CHECK(link.url == "https://billing.example.ch/oauth/singlesignon.php?access_token=c0ffee");
  CHECK(link.site == "billing.example.ch");
  CHECK(link.expires_in_s == 60);
  CHECK(api.asked[0].kind == Kind::write);
  CHECK(api.asked[0].form.encode() ==
        "client_id=418&destination=sso%3Acustom_redirect&sso_redirect_path=viewinvoice.php%3Fid%3D9001");
  for (const char* url : {"https://evil.example/?access_token=1", "http://billing.example.ch/",
                          "https://billing.example.ch:8443/", "https://billing.example.ch.evil.example/",
                          "https://billing.example.ch@evil.example/", "javascript:x", ""}) {
    INFO(url);
    FakeApi other({{"CreateSsoToken", reply(url)}});
    CHECK(code_of([&] { Over(other).invoices.link({"418", "9001"}); }) == "502 upstream.bad_reply");
    REQUIRE(other.bad.size() == 1);
    CHECK(other.bad[0].find("access_token") == std::string::npos);
  }
  FakeApi blocked(
      {{"CreateSsoToken", Refusal("CreateSsoToken", "SSO authentication blocked for client 418")}});
  CHECK(code_of([&] { Over(blocked).invoices.link({"418", "9001"}); }) == "409 billing.payment_link_blocked");
}
