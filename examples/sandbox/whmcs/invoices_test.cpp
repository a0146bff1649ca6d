// Invoices and payments over the wire.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "examples/sandbox/testing/running.hpp"
#include "examples/sandbox/whmcs/money.hpp"

namespace sandbox::testing {

namespace json = boost::json;

namespace {

json::array rows(const json::object& answer) {
  return answer.at("invoices").at("invoice").as_array();
}

whmcs::Cents cents(const json::value& value) {
  return whmcs::parse_cents(std::string_view(value.as_string()));
}

std::string id_text(const json::object& answer, std::string_view member) {
  return std::to_string(answer.at(member).to_number<std::int64_t>());
}

}  // namespace

TEST_CASE("GetInvoices pages through one customer's many invoices without loss") {
  const Running running;
  std::set<std::int64_t> seen;
  std::size_t from = 0, total = 1;
  while (from < total) {
    const auto answer = running.ask(
        "GetInvoices",
        {{"userid", "103"}, {"orderby", "id"}, {"order", "asc"}, {"limitstart", std::to_string(from)}});
    total = answer.at("totalresults").to_number<std::size_t>();
    CHECK(answer.at("numreturned").to_number<std::size_t>() == std::min<std::size_t>(25, total - from));
    for (const auto& row : rows(answer)) {
      CHECK(row.at("userid") == 103);
      CHECK(row.at("currencycode") == "JPY");
      CHECK_FALSE(row.as_object().contains("balance"));
      seen.insert(row.at("id").as_int64());
    }
    from += answer.at("numreturned").to_number<std::size_t>();
  }
  CHECK(total == 64);
  CHECK(seen.size() == total);
}

TEST_CASE("GetInvoices filters by state, Overdue meaning unpaid and past due") {
  const Running running;
  const auto count = [&](const char* status) {
    return running.ask("GetInvoices", {{"userid", "101"}, {"status", status}}).at("totalresults").as_int64();
  };
  CHECK(count("Unpaid") == 2);
  CHECK(count("overdue") == 1);
  CHECK(count("Paid") == 2);
  CHECK(count("payment pending") == 1);
  CHECK(count("Draft") == 1);
  CHECK(count("nonsense") == 0);
  CHECK(running.ask("GetInvoices", {{"userid", "102"}}).at("totalresults") == 0);
}

TEST_CASE("every invoice of the list keeps the money rules when read alone") {
  const Running running;
  for (const auto& row : rows(running.ask("GetInvoices", {{"limitnum", "500"}}))) {
    const auto id = std::to_string(row.at("id").as_int64());
    INFO("invoice " << id);
    const auto invoice = running.ask("GetInvoice", {{"invoiceid", id}});
    whmcs::Cents subtotal = 0, taxed = 0, paid = 0;
    for (const auto& item : invoice.at("items").at("item").as_array()) {
      subtotal += cents(item.at("amount"));
      if (item.at("taxed") == 1) taxed += cents(item.at("amount"));
    }
    if (invoice.at("transactions").is_object()) {
      for (const auto& t : invoice.at("transactions").at("transaction").as_array()) {
        CHECK(t.at("id").is_string());
        paid += cents(t.at("amountin")) - cents(t.at("amountout"));
      }
    } else {
      CHECK(invoice.at("transactions") == "");
    }
    const auto rate = whmcs::parse_rate(std::string_view(invoice.at("taxrate").as_string()));
    CHECK(cents(invoice.at("subtotal")) == subtotal);
    CHECK(cents(invoice.at("tax")) == whmcs::tax_of(taxed, rate));
    CHECK(cents(invoice.at("total")) ==
          subtotal + cents(invoice.at("tax")) + cents(invoice.at("tax2")) - cents(invoice.at("credit")));
    CHECK(cents(invoice.at("balance")) == cents(invoice.at("total")) - paid);
    for (const auto* same : {"date", "duedate", "total", "status", "userid"})
      CHECK(invoice.at(same) == row.at(same));
  }
}

TEST_CASE("GetInvoice refuses an unknown id and does not look at ownership") {
  const Running running;
  CHECK(running.refusal("GetInvoice", {{"invoiceid", "1"}}) == "Invoice ID Not Found");
  CHECK(running.refusal("GetInvoice") == "Invoice ID Not Found");
  const auto body = running.call("GetInvoice", {{"invoiceid", "9002"}}).body;
  CHECK(body.find("\\/") != std::string::npos);  // "(2026\/09\/01 - …)"
}

TEST_CASE("CreateInvoice writes numbered lines with the client's tax") {
  const Running running;
  const auto made = running.ask("CreateInvoice", {{"userid", "102"},
                                                  {"itemdescription1", "Setup & <more>"},
                                                  {"itemamount1", "1000"},
                                                  {"itemtaxed1", "1"},
                                                  {"itemdescription0", "Postage"},
                                                  {"itemamount0", "520.00"}});
  CHECK(made.at("status") == "Unpaid");
  CHECK(made.at("invoiceid").is_int64());
  const auto invoice = running.ask("GetInvoice", {{"invoiceid", id_text(made, "invoiceid")}});
  CHECK(invoice.at("subtotal") == "1520.00");
  CHECK(invoice.at("tax") == "100.00");
  CHECK(invoice.at("balance") == "1620.00");
  CHECK(invoice.at("items").at("item").as_array()[1].at("description") == "Setup &amp; &lt;more&gt;");
  CHECK(running.refusal("CreateInvoice", {{"userid", "1"}}) == "Client ID Not Found");
  CHECK(running.refusal("CreateInvoice", {{"userid", "102"}, {"draft", "1"}, {"sendinvoice", "1"}}) ==
        "Cannot create and send a draft invoice in a single API request. Please create and send separately.");
}

TEST_CASE("UpdateInvoice edits lines, publishes drafts and refuses with the documented texts") {
  Running running;
  const auto made = running.ask(
      "CreateInvoice", {{"userid", "102"}, {"draft", "1"}, {"itemdescription1", "A"}, {"itemamount1", "5"}});
  CHECK(made.at("status") == "Draft");
  const auto id = id_text(made, "invoiceid");
  const auto read = [&] { return running.ask("GetInvoice", {{"invoiceid", id}}); };
  const auto line = std::to_string(read().at("items").at("item").as_array()[0].at("id").as_int64());
  CHECK(running.refusal("UpdateInvoice", {{"invoiceid", id}, {fmt::format("itemamount[{}]", line), "7"}}) ==
        "Missing Variables: itemdescription, itemamount and itemtaxed are required for each item being "
        "changed");
  running.ask("UpdateInvoice", {{"invoiceid", id},
                                {fmt::format("itemdescription[{}]", line), "B"},
                                {fmt::format("itemamount[{}]", line), "7"},
                                {fmt::format("itemtaxed[{}]", line), "0"},
                                {"newitemdescription[]", "C"},
                                {"newitemamount[]", "10"},
                                {"newitemtaxed[]", "1"},
                                {"publish", "1"}});
  CHECK(read().at("total") == "18.00");
  CHECK(read().at("status") == "Unpaid");
  CHECK(running.refusal("UpdateInvoice", {{"invoiceid", id}, {"publish", "1"}}) ==
        "Invoice must be in Draft status to be published");
  CHECK(running.refusal("UpdateInvoice", {{"invoiceid", id}, {"status", "Lost"}}) == "Invalid status Lost");
  CHECK(running.refusal("UpdateInvoice", {{"invoiceid", "1"}}) == "Invoice ID Not Found");
  running.ask("UpdateInvoice", {{"invoiceid", id}, {"deletelineids[]", line}});
  CHECK(read().at("total") == "11.00");
  running.control("PUT", "/control/whmcs/switches", {{"version", "9.0.1"}});
  CHECK_FALSE(running.refusal("UpdateInvoice", {{"invoiceid", id}, {"deletelineids[]", line}}).empty());
  CHECK(running.ask("UpdateInvoice", {{"invoiceid", id}, {"status", "cancelled"}}).at("invoiceid") ==
        made.at("invoiceid"));
  CHECK(read().at("status") == "Cancelled");
  CHECK(running.refusal("AddInvoicePayment", {{"invoiceid", id}, {"transid", "x"}, {"gateway", "stripe"}}) ==
        "It is not possible to add a payment to an invoice that is Cancelled");
}

TEST_CASE("AddInvoicePayment books the balance, or a part, and GetTransactions finds it") {
  Running running;
  const auto id = id_text(
      running.ask("CreateInvoice", {{"userid", "102"}, {"itemdescription1", "A"}, {"itemamount1", "100"}}),
      "invoiceid");
  CHECK(running.refusal("AddInvoicePayment", {{"invoiceid", "1"}}) == "Invoice ID Not Found");
  running.ask("AddInvoicePayment",
              {{"invoiceid", id}, {"transid", "T1"}, {"gateway", "stripe"}, {"amount", "40"}});
  CHECK(running.ask("GetInvoice", {{"invoiceid", id}}).at("balance") == "60.00");
  running.ask("AddInvoicePayment", {{"invoiceid", id}, {"transid", "T1"}, {"gateway", "stripe"}});
  const auto invoice = running.ask("GetInvoice", {{"invoiceid", id}});
  CHECK(invoice.at("status") == "Paid");
  CHECK(invoice.at("balance") == "0.00");
  CHECK(invoice.at("datepaid") != "0000-00-00 00:00:00");
  const auto found = running.ask("GetTransactions", {{"transid", "T1"}});
  CHECK(found.at("totalresults") == 2);
  CHECK(found.at("transactions").at("transaction").as_array()[0].at("currency") == "0");
  running.control("PUT", "/control/whmcs/switches", {{"reject_duplicate_transid", true}});
  CHECK(running.refusal("AddInvoicePayment",
                        {{"invoiceid", "9008"}, {"transid", "T1"}, {"gateway", "stripe"}}) ==
        "Transaction ID must be Unique");
}

TEST_CASE("the small tables answer in their containers") {
  const Running running;
  CHECK(running.ask("GetCurrencies").at("currencies").at("currency").as_array()[0].at("code") == "JPY");
  CHECK(running.ask("GetPaymentMethods").at("paymentmethods").at("paymentmethod").as_array().size() == 2);
  CHECK(running.ask("GetOrderStatuses").at("statuses").at("status").as_array().size() == 4);
  CHECK(running.ask("WhmcsDetails").at("whmcs").at("version") == "8.13.1");
}

TEST_CASE("the control API makes an invoice in the wanted state") {
  Running running;
  const auto made =
      running.control("POST", "/control/whmcs/invoices",
                      {{"client_id", 105},
                       {"status", "overdue"},
                       {"items", json::array{json::object{{"description", "Line"}, {"amount", "108.00"}}}},
                       {"paid", "50.00"}});
  CHECK(made.status == 201);
  const auto invoice = running.ask("GetInvoice", {{"invoiceid", id_text(made.json(), "invoice_id")}});
  CHECK(invoice.at("status") == "Unpaid");
  CHECK(invoice.at("tax") == "8.75");
  CHECK(invoice.at("balance") == "66.75");
  CHECK(running.ask("GetInvoices", {{"userid", "105"}, {"status", "Overdue"}}).at("totalresults") == 2);
  CHECK(running.control("POST", "/control/whmcs/invoices", {{"client_id", 1}}).status == 400);
  CHECK(running.control("POST", "/control/whmcs/invoices", {{"client", 105}}).status == 400);
}

}  // namespace sandbox::testing
