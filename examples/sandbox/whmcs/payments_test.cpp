// Credit, transactions and stored means of payment over the wire.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/testing/running.hpp"
#include "examples/sandbox/whmcs/money.hpp"

namespace sandbox::testing {

namespace json = boost::json;

namespace {

std::string credit_of(const Running& running, std::string_view client) {
  return std::string(
      running.ask("GetClientsDetails", {{"clientid", client}}).at("client").at("credit").as_string());
}

std::string invoice_for(const Running& running, std::string_view client, std::string_view amount) {
  const auto made =
      running.ask("CreateInvoice", {{"userid", client}, {"itemdescription1", "A"}, {"itemamount1", amount}});
  return std::to_string(made.at("invoiceid").as_int64());
}

}  // namespace

TEST_CASE("the credit log always adds up to the credit") {
  Running running;
  const auto check = [&](std::string_view client) {
    whmcs::Cents sum = 0;
    const auto log = running.ask("GetCredits", {{"clientid", client}});
    for (const auto& row : log.at("credits").at("credit").as_array())
      sum += whmcs::parse_cents(std::string_view(row.at("amount").as_string()));
    CHECK(whmcs::cents_text(sum) == credit_of(running, client));
  };
  check("107");
  CHECK(running.ask("AddCredit", {{"clientid", "102"}, {"amount", "75.50"}, {"description", "gift"}})
            .at("newbalance") == "75.50");
  check("102");
  running.ask("AddCredit",
              {{"clientid", "102"}, {"amount", "0.50"}, {"description", "back"}, {"type", "remove"}});
  check("102");
  const auto id = invoice_for(running, "102", "50");
  const auto applied = running.ask("ApplyCredit", {{"invoiceid", id}, {"amount", "20"}});
  CHECK(applied.at("amount") == "20.00");
  CHECK(applied.at("invoicepaid") == "false");
  CHECK(running.ask("ApplyCredit", {{"invoiceid", id}}).at("invoicepaid") == "true");
  CHECK(credit_of(running, "102") == "25.00");
  check("102");
  const auto other = invoice_for(running, "102", "10");
  running.ask("AddInvoicePayment",
              {{"invoiceid", other}, {"transid", "much"}, {"gateway", "stripe"}, {"amount", "12"}});
  CHECK(credit_of(running, "102") == "27.00");
  check("102");
  running.control("PUT", "/control/whmcs/clients/102", {{"credit", "3.00"}});
  check("102");
}

TEST_CASE("credit is refused in WHMCS's words") {
  const Running running;
  const auto add = [&](Fields fields) { return running.refusal("AddCredit", fields); };
  CHECK(add({{"clientid", "102"}, {"type", "give"}}) == "Type can only be add or remove");
  CHECK(add({{"clientid", "1"}}) == "Client ID Not Found");
  CHECK(add({{"clientid", "102"}}) == "No Amount Provided");
  for (const auto* amount : {"1.234", "x", "-5", "1,5", "1."})
    CHECK(add({{"clientid", "102"}, {"amount", amount}}) ==
          "Amount must be in decimal format: ### or ###.##");
  CHECK(add({{"clientid", "102"}, {"amount", "5"}, {"date", "tomorrow"}}) == "Date Format is not Valid");
  CHECK(add({{"clientid", "102"}, {"amount", "5"}, {"adminid", "9"}}) == "Admin ID Not Found");
  const auto id = invoice_for(running, "107", "10");
  const auto apply = [&](const char* amount) {
    return running.refusal("ApplyCredit", {{"invoiceid", id}, {"amount", amount}});
  };
  CHECK(apply("5000") == "Amount exceeds customer credit balance");
  CHECK(apply("11") == "Amount Exceeds Invoice Balance");
  CHECK(apply("0") == "Credit Amount to apply must be greater than zero");
  running.ask("UpdateInvoice", {{"invoiceid", id}, {"status", "Cancelled"}});
  CHECK(apply("1") == "Invoice Not in Unpaid Status");
}

TEST_CASE("AddTransaction books and settles nothing") {
  const Running running;
  const auto id = invoice_for(running, "102", "10");
  CHECK(running.refusal("AddTransaction", {{"userid", "1"}, {"paymentmethod", "stripe"}}) ==
        "Client ID Not Found");
  running.ask("AddTransaction", {{"paymentmethod", "stripe"},
                                 {"invoiceid", id},
                                 {"transid", "pi_1"},
                                 {"date", "31/10/2026"},
                                 {"amountin", "10"}});
  const auto invoice = running.ask("GetInvoice", {{"invoiceid", id}});
  CHECK(invoice.at("status") == "Unpaid");
  CHECK(invoice.at("balance") == "0.00");
  const auto row = running.ask("GetTransactions", {{"transid", "pi_1"}})
                       .at("transactions")
                       .at("transaction")
                       .as_array()
                       .at(0);
  CHECK(row.at("date") == "2026-10-31 00:00:00");
  CHECK(row.at("userid") == "102");
  CHECK(running.refusal("AddTransaction",
                        {{"paymentmethod", "stripe"}, {"userid", "102"}, {"transid", "pi_1"}}) ==
        "Transaction ID must be Unique");
  CHECK(running
            .ask("AddTransaction", {{"paymentmethod", "stripe"},
                                    {"userid", "102"},
                                    {"transid", "pi_1"},
                                    {"allowduplicatetransid", "1"}})
            .at("result") == "success");
}

TEST_CASE("pay methods: the first is the default, numbers are never kept, others' are refused") {
  Running running;
  const auto list = [&](const char* client) {
    return running.ask("GetPayMethods", {{"clientid", client}}).at("paymethods").as_array();
  };
  CHECK(list("101").size() == 2);
  CHECK(list("101").at(0).at("card_last_four") == "4242");
  CHECK(list("102").empty());
  const auto made = running.ask("AddPayMethod", {{"clientid", "101"},
                                                 {"type", "RemoteCreditCard"},
                                                 {"gateway_module_name", "stripe"},
                                                 {"card_number", "3530 1113 3330 0000"},
                                                 {"card_expiry", "0931"},
                                                 {"set_as_default", "1"}});
  const auto id = std::to_string(made.at("paymethodid").as_int64());
  CHECK(list("101").at(0).at("card_type") == "JCB");
  CHECK(list("101").at(0).at("expiry_date") == "09/31");
  CHECK(running.get("/control/whmcs/calls?action=AddPayMethod").body.find("3530") == std::string::npos);
  running.ask("UpdatePayMethod", {{"clientid", "101"}, {"paymethodid", "61"}, {"set_as_default", "1"}});
  CHECK(list("101").at(0).at("id") == 61);
  const auto update = [&](Fields fields) { return running.refusal("UpdatePayMethod", fields); };
  CHECK(update({{"clientid", "101"}}) == "Pay Method ID is Required");
  CHECK(update({{"clientid", "101"}, {"paymethodid", "1"}}) == "Invalid Pay Method ID");
  CHECK(update({{"clientid", "102"}, {"paymethodid", "61"}}) ==
        "Pay Method does not belong to passed Client ID");
  CHECK(update({{"clientid", "101"}, {"paymethodid", "61"}}) == "No Details Provided for Update");
  CHECK(update({{"clientid", "101"}, {"paymethodid", "61"}, {"card_number", "4242"}}) ==
        "Unable to Update Card Number for Assisted Gateway");
  running.ask("DeletePayMethod", {{"clientid", "101"}, {"paymethodid", id}});
  CHECK(running.refusal("DeletePayMethod", {{"clientid", "101"}, {"paymethodid", id}}) ==
        "Invalid Pay Method ID");
  const auto add = [&](Fields fields) { return running.refusal("AddPayMethod", fields); };
  CHECK(add({{"clientid", "102"}, {"type", "Gold"}}) ==
        "Invalid Pay Method Type. Type should be one of 'BankAccount', 'CreditCard', or 'RemoteCreditCard'");
  CHECK(add({{"clientid", "102"}, {"type", "RemoteCreditCard"}}) ==
        "Gateway is Required for RemoteCreditCard type");
  CHECK(add({{"clientid", "102"}, {"card_number", "4242424242424242"}, {"card_expiry", "1399"}}) ==
        "Expiry Date is invalid");
  CHECK(add({{"clientid", "102"}, {"type", "BankAccount"}}) == "Routing number is required");
  running.control("PUT", "/control/whmcs/switches", {{"local_cards", false}});
  CHECK(add({{"clientid", "102"}, {"card_number", "4242424242424242"}}) ==
        "No Local Credit Card Payment Gateways Enabled");
}

}  // namespace sandbox::testing
