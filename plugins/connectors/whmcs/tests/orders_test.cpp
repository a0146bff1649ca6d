// The decisions around writes that must not happen twice: what is looked at before, and after an unknown end.
#include "mapping/orders.hpp"

#include "mapping/invoice_writes.hpp"
#include "mapping/payments.hpp"
#include "mapping/subscriptions.hpp"
#include "tests/fake_api.hpp"

using namespace whmcs;
using portico::Problem;
namespace contract = portico::billing;

namespace {

/// Every part at one desk that counts in francs, in UTC.
struct Office {
  explicit Office(Api& api)
      : desk{api, Zone::load("UTC"),
             [] { return std::chrono::sys_seconds(std::chrono::seconds(1'750'000'000)); },
             [](const std::string&) { return std::string("CHF"); }},
        invoices(desk, "https://billing.example.ch"),
        writes(desk, invoices),
        orders(desk, "Portal reference"),
        subscriptions(desk, "Portal reference"),
        payments(desk, invoices) {}
  Desk desk;
  Invoices invoices;
  InvoiceWrites writes;
  Orders orders;
  Subscriptions subscriptions;
  Payments payments;
};

template <class F>
std::string outcome_of(F&& fn) {
  try {
    return fn();
  } catch (const Problem& problem) {
    return std::to_string(problem.status) + " " + problem.code;
  }
}

const std::string kNothing = R"({"result":"success","totalresults":0,"startnumber":0,"numreturned":0})";
const std::string kDone = R"({"result":"success"})";

std::string services(std::string_view status, std::string_view reference, std::string_view pid = "12") {
  return R"({"result":"success","totalresults":1,"products":{"product":[{"id":"501","qty":"1","clientid":"418",)"
         R"("orderid":"731","pid":")" +
         std::string(pid) +
         R"(","regdate":"2025-06-11","name":"Fiber","groupname":"Internet",)"
         R"("firstpaymentamount":"108.00","recurringamount":"59.00","paymentmethod":"stripe",)"
         R"("billingcycle":"Monthly","nextduedate":"2025-07-11","status":")" +
         std::string(status) +
         R"(","customfields":{"customfield":[{"id":"121","name":"Portal reference","value":")" +
         std::string(reference) + R"("}]},"configoptions":[]}]}})";
}

std::string orders(std::string_view status) {
  return R"({"result":"success","totalresults":1,"orders":{"order":[{"id":731,"ordernum":4471902236,"userid":418,)"
         R"("date":"2025-06-11 09:20:41","amount":"108.00","paymentmethod":"stripe","invoiceid":9001,"status":")" +
         std::string(status) +
         R"(","lineitems":{"lineitem":[{"type":"product","relid":501,"product":"Internet - Fiber"}]}}]}})";
}

std::string invoice(std::string_view status, std::string_view credit = "0.00") {
  return R"({"result":"success","invoiceid":9001,"invoicenum":"","userid":418,"date":"2025-06-11",)"
         R"("duedate":"2035-06-25","datepaid":"0000-00-00 00:00:00","subtotal":"108.00","credit":")" +
         std::string(credit) +
         R"(","tax":"0.00","tax2":"0.00","total":"108.00","balance":"108.00","taxrate":"0.000","taxrate2":"0.000",)"
         R"("status":")" +
         std::string(status) + R"(","paymentmethod":"stripe","notes":"","items":"","transactions":""})";
}

std::string invoice_rows(std::string_view notes) {
  return R"({"result":"success","totalresults":1,"invoices":{"invoice":[{"id":9001,"userid":418,"notes":")" +
         std::string(notes) + R"("}]}})";
}

const std::string kProducts =
    R"({"result":"success","totalresults":1,"products":{"product":[{"pid":12,"gid":3,"name":"Fiber","paytype":"recurring",)"
    R"("customfields":{"customfield":[{"id":121,"name":"Portal reference"}]}}]}})";
const std::string kPlain =
    R"({"result":"success","totalresults":1,"products":{"product":[{"pid":12,"gid":3,"name":"Fiber","paytype":"recurring",)"
    R"("customfields":[]}]}})";

contract::NewOrder fiber() {
  contract::NewOrder order;
  order.reference = "order-1";
  order.customer_id = "418";
  order.gateway = "stripe";
  order.items = {{"12", contract::BillingCycle::monthly, 1, {{"4", "13"}}, {}}};
  return order;
}

struct Row {
  const char* rule;
  std::deque<FakeApi::Step> script;
  const char* outcome;
};

template <class F>
void play(const std::vector<Row>& rows, F&& fn) {
  for (const auto& row : rows) {
    INFO(row.rule);
    FakeApi api(row.script);
    Office office(api);
    CHECK(outcome_of([&] { return fn(office); }) == row.outcome);
    CHECK(api.done());
  }
}

const Problem kTimeout(504, "upstream.timeout");
const Problem kBusy(503, "upstream.busy");

}  // namespace

TEST_CASE("an order is looked for by its reference, placed once, and looked for again where nobody knows") {
  const FakeApi::Step found{"GetClientsProducts", services("Pending", "order-1")};
  const FakeApi::Step other{"GetClientsProducts", services("Pending", "order-11")};
  const FakeApi::Step none{"GetClientsProducts", kNothing};
  const FakeApi::Step catalogue{"GetProducts", kProducts};
  const FakeApi::Step read{"GetOrders", orders("Pending")};
  const std::string made = R"({"result":"success","orderid":"731","serviceids":"501","invoiceid":9001})";
  play(
      {{"nothing there: placed", {none, catalogue, {"AddOrder", made}, read}, "731"},
       {"an earlier try placed it", {found, read}, "731"},
       {"a longer reference is another one", {other, catalogue, {"AddOrder", made}, read}, "731"},
       {"a time-out, and it ran", {none, catalogue, {"AddOrder", kTimeout}, found, read}, "731"},
       {"a time-out, and it is not to be seen",
        {none, catalogue, {"AddOrder", kTimeout}, none},
        "503 billing.outcome_unknown"},
       {"a time-out, and nobody answers the look",
        {none, catalogue, {"AddOrder", kTimeout}, {"GetClientsProducts", kTimeout}},
        "503 billing.outcome_unknown"},
       {"a full queue: it surely did not run", {none, catalogue, {"AddOrder", kBusy}}, "503 upstream.busy"},
       {"a connection that was refused: it surely did not run",
        {none, catalogue, {"AddOrder", Problem(503, "upstream.circuit_open")}},
        "503 upstream.circuit_open"},
       {"the look fails: nothing is done", {{"GetClientsProducts", kTimeout}}, "504 upstream.timeout"},
       {"a product that could not be found again",
        {none, {"GetProducts", kPlain}},
        "422 billing.product_not_orderable"},
       {"an unknown gateway",
        {none,
         catalogue,
         {"AddOrder", Refusal("AddOrder", "Invalid Payment Method. Valid options include x")}},
        "422 billing.gateway_unknown"},
       {"a closed customer",
        {none,
         catalogue,
         {"AddOrder", Refusal("AddOrder", "Unable to add order when client status is Closed")}},
        "409 billing.customer_closed"},
       {"a foreign row is no answer",
        {{"GetClientsProducts",
          R"({"result":"success","totalresults":1,"products":{"product":[{"id":1,"clientid":9,"orderid":1}]}})"}},
        "502 upstream.bad_reply"}},
      [](Office& office) { return office.orders.place(fiber()).id; });
}

TEST_CASE("what is sent with an order") {
  FakeApi api({{"GetClientsProducts", kNothing},
               {"GetProducts", kProducts},
               {"AddOrder", R"({"result":"success","orderid":731})"},
               {"GetOrders", orders("Pending")}});
  Office office(api);
  office.orders.place(fiber());
  const auto& form = api.asked.at(2).form;
  CHECK(*form.find("pid[0]") == "12");
  CHECK(*form.find("billingcycle[0]") == "monthly");
  CHECK(*form.find("customfields[0]") == "YToxOntpOjEyMTtzOjc6Im9yZGVyLTEiO30=");  // {121: "order-1"}
  CHECK(*form.find("configoptions[0]") == "YToxOntpOjQ7aToxMzt9");                 // {4: 13}
  CHECK(*form.find("noemail") == "1");
  CHECK(api.asked.at(2).kind == Kind::write);
}

TEST_CASE("accepting and cancelling end in the state that is wanted, or say which one it is") {
  const FakeApi::Step pending{"GetOrders", orders("Pending")}, active{"GetOrders", orders("Active")};
  const Refusal late("AcceptOrder", "Order ID not found or Status not Pending");
  play({{"pending: accepted", {pending, {"AcceptOrder", kDone}, active}, "731"},
        {"active already: nothing is sent", {active}, "731"},
        {"somebody was faster", {pending, {"AcceptOrder", late}, active}, "731"},
        {"refused and still pending", {pending, {"AcceptOrder", late}, pending}, "409 billing.order_state"},
        {"a module says no",
         {pending, {"AcceptOrder", Refusal("AcceptOrder", "HLR does not answer")}, pending},
         "422 billing.provisioning_failed"},
        {"a time-out, and it ran", {pending, {"AcceptOrder", kTimeout}, active}, "731"},
        {"a time-out, and it is still pending",
         {pending, {"AcceptOrder", kTimeout}, pending},
         "503 billing.outcome_unknown"},
        {"cancelled before", {{"GetOrders", orders("Cancelled")}}, "409 billing.order_state"},
        {"not there", {{"GetOrders", kNothing}}, "404 billing.order_not_found"}},
       [](Office& office) {
         return office.orders.accept({"418", "731"}).id;
       });
  play({{"cancelled", {pending, {"CancelOrder", kDone}, {"GetOrders", orders("Cancelled")}}, "731"},
        {"active: no longer", {active}, "409 billing.order_state"}},
       [](Office& office) {
         return office.orders.cancel({"418", "731"}).id;
       });
}

TEST_CASE("commands lead to a state; what is there already is not asked for") {
  const FakeApi::Step active{"GetClientsProducts", services("Active", "")};
  const FakeApi::Step suspended{"GetClientsProducts", services("Suspended", "")};
  play({{"suspended", {active, {"ModuleSuspend", kDone}, suspended}, "501"},
        {"suspended before", {suspended}, "501"},
        {"refused because it is done",
         {active, {"ModuleSuspend", Refusal("ModuleSuspend", "already")}, suspended},
         "501"},
        {"refused",
         {active, {"ModuleSuspend", Refusal("ModuleSuspend", "no HLR")}, active},
         "422 billing.provisioning_failed"},
        {"no module",
         {active, {"ModuleSuspend", Refusal("ModuleSuspend", "Service not assigned to a module")}},
         "409 billing.not_provisioned"},
        {"a time-out, and it ran", {active, {"ModuleSuspend", kTimeout}, suspended}, "501"},
        {"a time-out", {active, {"ModuleSuspend", kTimeout}, active}, "503 billing.outcome_unknown"},
        {"another customer's", {{"GetClientsProducts", kNothing}}, "404 billing.subscription_not_found"}},
       [](Office& office) {
         return office.subscriptions.run({"418", "501", contract::Command::suspend, "lost"}).id;
       });
}

TEST_CASE("an upgrade is done, or waits for its payment, and is ordered once") {
  const auto price = [](const char* waits) {
    return FakeApi::Step{
        "UpgradeProduct",
        std::string(R"({"result":"success","price":"CHF 8.67","upgradeinprogress":)") + waits + "}"};
  };
  const FakeApi::Step old{"GetClientsProducts", services("Active", "")};
  const FakeApi::Step now{"GetClientsProducts", services("Active", "", "14")};
  const std::string made =
      R"({"result":"success","orderid":740,"order_number":"9093331404","invoiceid":9010})";
  play({{"ordered", {old, price("0"), {"UpgradeProduct", made}, old}, "waiting 740 9010"},
        {"ordered, nothing due",
         {old, price("0"), {"UpgradeProduct", R"({"result":"success","orderid":740,"invoiceid":null})"}, now},
         "done 740 "},
        {"waits already", {old, price("1")}, "waiting  "},
        {"done already", {now}, "done  "},
        {"a time-out, and it waits",
         {old, price("0"), {"UpgradeProduct", kTimeout}, old, price("1")},
         "waiting  "},
        {"a time-out",
         {old, price("0"), {"UpgradeProduct", kTimeout}, old, price("0")},
         "503 billing.outcome_unknown"},
        {"refused",
         {old, {"UpgradeProduct", Refusal("UpgradeProduct", "Invalid Billing Cycle Requested")}},
         "422 billing.upgrade_refused"}},
       [](Office& office) {
         const auto out =
             office.subscriptions.upgrade({"418", "501", "14", contract::BillingCycle::monthly, "stripe"});
         return std::string(out.state == contract::UpgradeState::done ? "done" : "waiting") + " " +
                out.order_id.value_or("") + " " + out.invoice_id.value_or("");
       });
}

TEST_CASE("a payment is booked once, by its reference") {
  const auto booked = [](const char* amount, const char* invoice_id) {
    return FakeApi::Step{
        "GetTransactions",
        std::string(
            R"({"result":"success","totalresults":1,"transactions":{"transaction":[{"id":"7710","userid":"418",)"
            R"("gateway":"stripe","date":"2025-06-12 00:00:00","description":"","amountin":")") +
            amount + R"(","fees":"0.00","amountout":"0.00","transid":"pay-1","invoiceid":")" + invoice_id +
            "\"}]}}"};
  };
  const FakeApi::Step none{"GetTransactions", kNothing}, read{"GetInvoice", invoice("Unpaid")},
      paid{"GetInvoice", invoice("Paid")};
  play({{"booked", {read, none, {"AddInvoicePayment", kDone}, paid}, "9001"},
        {"booked before", {read, booked("50.00", "9001"), read}, "9001"},
        {"with another amount", {read, booked("51.00", "9001")}, "409 billing.reference_used"},
        {"for another invoice", {read, booked("50.00", "9002")}, "409 billing.reference_used"},
        {"a time-out, and it ran",
         {read, none, {"AddInvoicePayment", kTimeout}, booked("50.00", "9001"), paid},
         "9001"},
        {"a time-out", {read, none, {"AddInvoicePayment", kTimeout}, none}, "503 billing.outcome_unknown"},
        {"a cancelled invoice", {{"GetInvoice", invoice("Cancelled")}, none}, "409 billing.invoice_state"}},
       [](Office& office) {
         return office.payments
             .record({"pay-1", "418", "9001", "stripe", {5000, "CHF"}, "2025-06-12T22:30:00Z"})
             .id;
       });
}

TEST_CASE("credit is given once and used up to a sum") {
  const FakeApi::Step balance{"GetClientsDetails",
                              R"({"result":"success","client":{"id":418,"credit":"25.00"}})"};
  const auto log = [](const char* text, const char* amount) {
    return FakeApi::Step{
        "GetCredits",
        std::string(
            R"({"result":"success","credits":{"credit":[{"id":1,"date":"2025-06-12","description":")") +
            text + R"(","amount":")" + amount + "\"}]}}"};
  };
  const FakeApi::Step empty{"GetCredits", kNothing};
  play({{"given",
         {balance, empty, {"AddCredit", kDone}, balance, log("Sorry (portico:gift-1)", "5.00")},
         "2500"},
        {"given before", {balance, log("Sorry (portico:gift-1)", "5.00")}, "2500"},
        {"a longer mark is another one",
         {balance, log("Sorry (portico:gift-10)", "5.00"), {"AddCredit", kDone}, balance, empty},
         "2500"},
        {"given with another amount", {balance, log("portico:gift-1", "6.00")}, "409 billing.reference_used"},
        {"a time-out",
         {balance, empty, {"AddCredit", kTimeout}, balance, empty},
         "503 billing.outcome_unknown"}},
       [](Office& office) {
         return std::to_string(
             office.payments.add_credit({"gift-1", "418", {500, "CHF"}, "Sorry"}).balance.amount_minor);
       });
  const FakeApi::Step fresh{"GetInvoice", invoice("Unpaid")}, half{"GetInvoice", invoice("Unpaid", "4.00")},
      used{"GetInvoice", invoice("Unpaid", "10.00")};
  play(
      {{"used", {fresh, {"ApplyCredit", kDone}, used}, "1000"},
       {"the rest of what was used", {half, {"ApplyCredit", kDone}, used}, "1000"},
       {"used before", {used}, "1000"},
       {"a time-out, and it ran", {fresh, {"ApplyCredit", kTimeout}, used}, "1000"},
       {"more than there is",
        {fresh, {"ApplyCredit", Refusal("ApplyCredit", "Amount exceeds customer credit balance")}},
        "422 billing.credit_refused"}},
      [](Office& office) {
        return std::to_string(office.payments.use_credit({"418", "9001", {1000, "CHF"}}).credit.amount_minor);
      });
}

TEST_CASE("an invoice is written once, by its mark, and taken back once") {
  const FakeApi::Step none{"GetInvoices", kNothing}, read{"GetInvoice", invoice("Unpaid")};
  const FakeApi::Step marked{"GetInvoices", invoice_rows("by phone portico:inv-1")};
  const std::string made = R"({"result":"success","invoiceid":9001,"status":"Unpaid"})";
  play({{"written", {none, {"CreateInvoice", made}, read}, "9001"},
        {"written before", {marked, read}, "9001"},
        {"a time-out, and it ran", {none, {"CreateInvoice", kTimeout}, marked, read}, "9001"},
        {"a time-out", {none, {"CreateInvoice", kTimeout}, none}, "503 billing.outcome_unknown"}},
       [](Office& office) {
         contract::NewInvoice wanted;
         wanted.reference = "inv-1";
         wanted.customer_id = "418";
         wanted.lines = {{"Visit", {10800, "CHF"}, true}};
         return office.writes.create(wanted).id;
       });
  const FakeApi::Step gone{"GetInvoice", invoice("Cancelled")};
  play({{"taken back", {read, {"UpdateInvoice", kDone}, gone}, "9001"},
        {"taken back before", {gone}, "9001"},
        {"a time-out, and it ran", {read, {"UpdateInvoice", kTimeout}, gone}, "9001"},
        {"paid", {{"GetInvoice", invoice("Paid")}}, "409 billing.invoice_state"}},
       [](Office& office) {
         return office.writes.cancel({"418", "9001"}).id;
       });
}

TEST_CASE("what surely was not sent is no unknown outcome") {
  CHECK(may_have_run(portico::OutboundProblem(Problem(503, "upstream.unavailable"), true)));
  CHECK_FALSE(may_have_run(portico::OutboundProblem(Problem(503, "upstream.unavailable"), false)));
  CHECK(may_have_run(Problem(502, "upstream.bad_reply")));
  CHECK_FALSE(may_have_run(Problem(422, "billing.refused")));
}

TEST_CASE("references are plain words, and marks words of their own") {
  for (const char* good :
       {"a", "order-1", "A_b.c", "0123456789012345678901234567890123456789012345678901234567890123"})
    CHECK_NOTHROW(check_reference(good));
  for (const char* bad :
       {"", "a b", "a:b", "ü", "(x)", "01234567890123456789012345678901234567890123456789012345678901234"})
    CHECK_THROWS_AS(check_reference(bad), Problem);
  CHECK(holds_mark("x (portico:a)", "portico:a"));
  CHECK(holds_mark("portico:ab, portico:a", "portico:a"));
  CHECK_FALSE(holds_mark("portico:ab", "portico:a"));
  CHECK_FALSE(holds_mark("notportico:a", "portico:a"));
}

TEST_CASE("amounts are written exactly") {
  CHECK(amount_text(1595, "CHF") == "15.95");
  CHECK(amount_text(5, "CHF") == "0.05");
  CHECK(amount_text(-867, "USD") == "-8.67");
  CHECK(amount_text(1980, "JPY") == "1980.00");
  CHECK(amount_text(1234, "KWD") == "1.234");
  CHECK(amount_text(INT64_MIN, "JPY") == "-9223372036854775808.00");
}
