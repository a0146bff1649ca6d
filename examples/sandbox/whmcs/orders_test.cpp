// The catalogue, orders, services and their modules over the wire.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/testing/running.hpp"
#include "examples/sandbox/whmcs/money.hpp"

namespace sandbox::testing {

namespace json = boost::json;

namespace {

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

/// {7 => "Zürich-01"} and the like, for field 121 of product 12.
constexpr const char* kFields121 = "YToxOntpOjEyMTtzOjU6InJlZi0xIjt9";  // a:1:{i:121;s:5:"ref-1";}
constexpr const char* kRental = "YToxOntpOjQ7aToxMzt9";                 // a:1:{i:4;i:13;}

json::object order_fiber(const Running& running, const char* client = "102") {
  return running.ask("AddOrder", {{"clientid", client},
                                  {"paymentmethod", "stripe"},
                                  {"pid[0]", "12"},
                                  {"billingcycle[0]", "monthly"},
                                  {"customfields[0]", kFields121},
                                  {"configoptions[0]", kRental}});
}

json::object service(const Running& running, const std::string& id) {
  return running.ask("GetClientsProducts", {{"serviceid", id}})
      .at("products")
      .at("product")
      .as_array()
      .at(0)
      .as_object();
}

json::object order(const Running& running, const std::string& id) {
  return running.ask("GetOrders", {{"id", id}}).at("orders").at("order").as_array().at(0).as_object();
}

}  // namespace

TEST_CASE("GetProducts prices every term in every currency, -1.00 where there is none") {
  Running running;
  const auto answer = running.ask("GetProducts", {{"pid", "12,22"}});
  CHECK(answer.at("totalresults") == 2);
  const auto fiber = answer.at("products").at("product").as_array().at(0).as_object();
  CHECK(fiber.at("pid") == 12);
  CHECK(text_of(fiber.at("product-url")).ends_with("/whmcs/store/internet/fiber-1"));
  const auto yen = fiber.at("pricing").at("JPY").as_object();
  CHECK(yen.at("monthly") == "4950.00");
  CHECK(yen.at("msetupfee") == "22000.00");
  CHECK(yen.at("quarterly") == "-1.00");
  CHECK(yen.at("annually") == "49500.00");
  CHECK(fiber.at("pricing").as_object().size() == 3);
  const auto option = fiber.at("configoptions").at("configoption").as_array().at(0).as_object();
  CHECK(option.at("type") == "1");
  CHECK(option.at("options").at("option").as_array().at(1).at("pricing").at("JPY").at("monthly") == "330.00");
  const auto fields = [&](const char* pid) {
    std::string out;
    const auto row = running.ask("GetProducts", {{"pid", pid}}).at("products").at("product").as_array().at(0);
    for (const auto& field : row.at("customfields").at("customfield").as_array())
      out += text_of(field.at("name")) + ";";
    return out;
  };
  CHECK(fields("22") == "EID;Portal reference;");  // not the one that no order form shows
  CHECK(running.ask("GetProducts", {{"gid", "3"}}).at("totalresults") == 4);
  CHECK(running.ask("GetProducts", {{"pid", "999"}}).at("totalresults") == 0);
  running.control("PUT", "/control/whmcs/switches", {{"bad_pid", "error"}, {"hidden_products", false}});
  CHECK(running.refusal("GetProducts", {{"pid", "999"}}) == "Product ID Not Found");
  CHECK(running.ask("GetProducts", {{"gid", "3"}}).at("totalresults") == 3);
}

TEST_CASE("an order brings a pending service and an invoice of setup and term") {
  const Running running;
  const auto placed = order_fiber(running);
  CHECK(placed.at("addonids") == "");
  const auto id = text_of(placed.at("orderid")), service_id = text_of(placed.at("serviceids"));
  const auto made = service(running, service_id);
  CHECK(made.at("status") == "Pending");
  CHECK(made.at("firstpaymentamount") == "27280.00");  // 22000 + 4950 + 330
  CHECK(made.at("recurringamount") == "5280.00");
  CHECK(made.at("id").is_string());
  CHECK(made.at("customfields").at("customfield").as_array().at(1).at("value") == "ref-1");
  CHECK(made.at("configoptions").at("configoption").as_array().at(0).at("value") == "Wi-Fi 6 rental");
  const auto invoice = running.ask("GetInvoice", {{"invoiceid", text_of(placed.at("invoiceid"))}});
  CHECK(invoice.at("subtotal") == "27280.00");
  CHECK(invoice.at("tax") == "2728.00");
  CHECK(invoice.at("items").at("item").as_array().at(1).at("type") == "Setup");
  const auto row = order(running, id);
  CHECK(row.at("status") == "Pending");
  CHECK(row.at("paymentstatus") == "Unpaid");
  CHECK(row.at("ordernum").as_int64() > std::int64_t{4'000'000'000});
  CHECK(row.at("lineitems").at("lineitem").as_array().at(0).at("product") == "Internet - Fiber 1 Gbps");

  CHECK(running.ask("AcceptOrder", {{"orderid", id}}).at("result") == "success");
  CHECK(order(running, id).at("status") == "Active");
  CHECK(service(running, service_id).at("status") == "Active");
  CHECK(running.refusal("AcceptOrder", {{"orderid", id}}) == "Order ID not found or Status not Pending");
  CHECK(running.refusal("CancelOrder", {{"orderid", id}}) == "Order ID not found or Status not Pending");
}

TEST_CASE("AddOrder refuses in WHMCS's words") {
  Running running;
  const auto refusal = [&](Fields fields) { return running.refusal("AddOrder", fields); };
  CHECK(refusal({{"clientid", "1"}}) == "Client ID Not Found");
  CHECK(refusal({{"clientid", "109"}, {"paymentmethod", "stripe"}}) ==
        "Unable to add order when client status is Closed");
  CHECK(refusal({{"clientid", "102"}, {"paymentmethod", "paypal"}}) ==
        "Invalid Payment Method. Valid options include stripe,banktransfer");
  CHECK(refusal({{"clientid", "102"}, {"paymentmethod", "stripe"}, {"pid", "12"}}) ==
        "Expecting parameter 'pid' to be an array");
  CHECK(refusal({{"clientid", "102"}, {"paymentmethod", "stripe"}, {"pid[]", "999"}}) ==
        "No items added to cart so order cannot proceed");
  running.control("PUT", "/control/whmcs/switches", {{"strict_arrays", false}});
  CHECK(running.ask("AddOrder", {{"clientid", "102"}, {"paymentmethod", "stripe"}, {"pid", "12"}})
            .at("result") == "success");
}

TEST_CASE("lists of an order belong together by key, whatever order they come in") {
  const Running running;
  const auto placed = running.ask("AddOrder", {{"clientid", "102"},
                                               {"paymentmethod", "banktransfer"},
                                               {"billingcycle[7]", "annually"},
                                               {"billingcycle[2]", "monthly"},
                                               {"pid[2]", "22"},
                                               {"pid[7]", "12"},
                                               {"noinvoice", "1"}});
  CHECK_FALSE(placed.contains("invoiceid"));
  const auto ids = text_of(placed.at("serviceids"));
  const auto comma = ids.find(',');
  REQUIRE(comma != std::string::npos);
  CHECK(service(running, ids.substr(0, comma)).at("billingcycle") == "Monthly");
  CHECK(service(running, ids.substr(comma + 1)).at("billingcycle") == "Annually");
}

TEST_CASE("cancelling takes the order, its services and its open invoice back") {
  const Running running;
  const auto placed = order_fiber(running);
  const auto id = text_of(placed.at("orderid"));
  CHECK(running.refusal("DeleteOrder", {{"orderid", id}}) ==
        "The order status must be in Cancelled or Fraud to be deleted");
  running.ask("CancelOrder", {{"orderid", id}});
  CHECK(service(running, text_of(placed.at("serviceids"))).at("status") == "Cancelled");
  CHECK(running.ask("GetInvoice", {{"invoiceid", text_of(placed.at("invoiceid"))}}).at("status") ==
        "Cancelled");
  const auto statuses = running.ask("GetOrderStatuses").at("statuses").at("status").as_array();
  CHECK(statuses.at(3).at("title") == "Cancelled");
  CHECK(statuses.at(3).at("count") == 1);
  running.ask("PendingOrder", {{"orderid", id}});
  running.ask("FraudOrder", {{"orderid", id}});
  running.ask("DeleteOrder", {{"orderid", id}});
  CHECK(running.ask("GetOrders", {{"id", id}}).at("totalresults") == 0);
  CHECK(running.refusal("PendingOrder", {{"orderid", id}}) == "Order ID Not Found");
}

TEST_CASE("modules change the state of a service, and fail with their own words") {
  Running running;
  const auto state = [&] { return text_of(service(running, "3601").at("status")); };
  CHECK(running.ask("ModuleSuspend", {{"serviceid", "3601"}, {"suspendreason", "lost"}}).at("result") ==
        "success");
  CHECK(state() == "Suspended");
  CHECK(service(running, "3601").at("suspensionreason") == "lost");
  running.ask("ModuleUnsuspend", {{"accountid", "3601"}});
  CHECK(state() == "Active");
  CHECK(running.refusal("ModuleSuspend", {{"serviceid", "3101"}}) == "Service not assigned to a module");
  CHECK(running.refusal("ModuleSuspend", {{"serviceid", "1"}}) == "Service ID not found");
  CHECK(running.refusal("ModuleSuspend") == "Service ID is required");
  running.control("PUT", "/control/whmcs/switches", {{"module_repeat", "refuse"}});
  CHECK(running.refusal("ModuleCreate", {{"serviceid", "3601"}}) == "Service is already Active");
  running.control("PUT", "/control/whmcs/switches", {{"module_failure", "HLR does not answer"}});
  CHECK(running.refusal("ModuleTerminate", {{"serviceid", "3601"}}) == "HLR does not answer");
  CHECK(state() == "Active");
  running.control("PUT", "/control/whmcs/switches", {{"module_failure", ""}});
  running.ask("ModuleTerminate", {{"serviceid", "3601"}});
  CHECK(state() == "Terminated");
  CHECK(running.ask("ModuleCustom", {{"serviceid", "3601"}, {"func_name", "reboot"}}).at("result") ==
        "success");
}

TEST_CASE("UpdateClientProduct changes the record and no module") {
  const Running running;
  CHECK(running
            .ask("UpdateClientProduct",
                 {{"serviceid", "3101"},
                  {"status", "suspended"},
                  {"nextduedate", "2027-01-31"},
                  {"configoptions", "YToxOntpOjU7YToyOntzOjg6Im9wdGlvbmlkIjtpOjE1O3M6MzoicXR5IjtpOjE7fX0="},
                  {"autorecalc", "1"}})
            .at("serviceid") == "3101");
  const auto changed = service(running, "3101");
  CHECK(changed.at("status") == "Suspended");
  CHECK(changed.at("nextduedate") == "2027-01-31");
  CHECK(changed.at("recurringamount") == "6050.00");  // 4950 + 330 + 770: {5 => {optionid, qty}}
  CHECK(running.refusal("UpdateClientProduct", {{"serviceid", "1"}}) == "Service ID Not Found");
  CHECK(running.ask("AddCancelRequest", {{"serviceid", "3101"}, {"type", "Immediate"}}).at("userid") ==
        "101");
  CHECK(running.refusal("AddCancelRequest", {{"serviceid", "3101"}}) ==
        "Existing Cancellation Request Exists");
}

TEST_CASE("an upgrade is priced for the rest of the term and takes effect when it is paid") {
  const Running running;
  const auto upgrade = [&](const char* product, bool only_price) {
    return running.ask("UpgradeProduct", {{"serviceid", "3101"},
                                          {"type", "product"},
                                          {"newproductid", product},
                                          {"newproductbillingcycle", "monthly"},
                                          {"paymentmethod", "stripe"},
                                          {"calconly", only_price ? "1" : "0"}});
  };
  const auto price = upgrade("14", true);
  CHECK(price.at("upgradeinprogress") == 0);
  CHECK(text_of(price.at("price")).starts_with("¥"));
  CHECK_FALSE(price.contains("orderid"));
  const auto made = upgrade("14", false);
  CHECK(made.at("order_number").is_string());
  if (made.at("invoiceid").is_null()) {  // the last day of the term: nothing is due
    CHECK(service(running, "3101").at("pid") == "14");
    return;
  }
  CHECK(service(running, "3101").at("pid") == "12");
  CHECK(upgrade("14", true).at("upgradeinprogress") == 1);
  CHECK(upgrade("16", false).at("message") ==
        "Unable to accept upgrade order. Previous upgrade invoice for service is still unpaid.");
  running.ask("AddInvoicePayment",
              {{"invoiceid", text_of(made.at("invoiceid"))}, {"transid", "up-1"}, {"gateway", "stripe"}});
  CHECK(service(running, "3101").at("pid") == "14");
  CHECK(service(running, "3101").at("recurringamount") == "6930.00");
  const auto down = upgrade("16", false);
  CHECK(down.at("invoiceid").is_null());
  CHECK(service(running, "3101").at("pid") == "16");
  CHECK(running.refusal("UpgradeProduct", {{"serviceid", "1"}}) == "Service ID Not Found");
  CHECK(running.refusal("UpgradeProduct", {{"serviceid", "3101"}, {"type", "x"}}) == "Invalid Upgrade Type");
  CHECK(running.refusal("UpgradeProduct", {{"serviceid", "3101"},
                                           {"type", "product"},
                                           {"newproductid", "14"},
                                           {"newproductbillingcycle", "weekly"},
                                           {"calconly", "1"}}) == "Invalid Billing Cycle Requested");
}

TEST_CASE("orders, services and credit survive a restart") {
  const Folder folder;
  Options options;
  options.state_file = folder.file("state.json");
  Running running(options);
  const auto placed = order_fiber(running);
  running.ask("AddCredit", {{"clientid", "102"}, {"amount", "5"}, {"description", "x"}});
  const auto id = text_of(placed.at("orderid"));
  const auto before = json::serialize(order(running, id)) +
                      json::serialize(service(running, text_of(placed.at("serviceids"))));
  running.restart();
  CHECK(json::serialize(order(running, id)) +
            json::serialize(service(running, text_of(placed.at("serviceids")))) ==
        before);
  CHECK(running.ask("GetCredits", {{"clientid", "102"}}).at("totalresults") == 1);
  CHECK(text_of(order_fiber(running).at("orderid")) == std::to_string(std::stoll(id) + 1));
}

}  // namespace sandbox::testing
