// Money text, rounding, and the invariants of the books.
#include "examples/sandbox/whmcs/money.hpp"

#include <catch2/catch.hpp>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/whmcs/books.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"
#include "examples/sandbox/whmcs/seed.hpp"

namespace sandbox::whmcs {

TEST_CASE("decimal texts become cents, half away from zero") {
  struct Row {
    const char* text;
    Cents cents;
  };
  const Row row = GENERATE(values<Row>({{"1980", 198000},
                                        {"19.9", 1990},
                                        {"19.90", 1990},
                                        {"0.005", 1},
                                        {"0.004", 0},
                                        {"-8.675", -868},
                                        {" 12.34 CHF", 1234},
                                        {"", 0},
                                        {"abc", 0},
                                        {"1,980.00", 100},
                                        {"99999999999999999999", 100000000000000}}));
  INFO(row.text);
  CHECK(parse_cents(row.text) == row.cents);
}

TEST_CASE("money is printed with two decimals in every currency") {
  CHECK(cents_text(198000) == "1980.00");
  CHECK(cents_text(-5) == "-0.05");
  CHECK(rate_text(8100) == "8.100");
  CHECK(formatted(198000, "¥", "", 2) == "¥1,980.00");
  CHECK(formatted(-867, "$", " USD", 1) == "$-8.67 USD");
  CHECK(formatted(123456789, "", " EUR", 3) == "1.234.567,89 EUR");
}

TEST_CASE("tax is rounded half up to the cent") {
  CHECK(tax_of(10800, 8100) == 875);  // 8.748
  CHECK(tax_of(5, 10000) == 1);       // 0.5
  CHECK(tax_of(4, 10000) == 0);       // 0.4
  CHECK(tax_of(-5, 10000) == -1);
}

TEST_CASE("the invoices of the seed keep the money rules and come in every state") {
  const Clock clock;
  Books books = seed_books(clock);
  std::map<std::string, int> states;
  for (const auto& [id, invoice] : books.invoices) {
    ++states[invoice.status];
    INFO("invoice " << id << " " << invoice.status);
    Cents sum = 0, taxed = 0;
    for (const auto& item : invoice.items) {
      sum += item.amount;
      if (item.taxed) taxed += item.amount;
    }
    CHECK(invoice.subtotal() == sum);
    CHECK(invoice.total() == sum + tax_of(taxed, invoice.tax_rate) - invoice.credit);
    if (invoice.status == "Paid") CHECK(books.balance(invoice) == 0);
    CHECK((invoice.status == "Paid" || invoice.status == "Refunded") == (invoice.paid_at != kNoTime));
    if (books.clients.at(invoice.client).currency == 1) CHECK(invoice.total() % 100 == 0);  // whole yen
  }
  for (const auto& status : invoice_statuses()) CHECK(states[status] > 0);
}

TEST_CASE("a payment that reaches the balance makes the invoice Paid, and what is over becomes credit") {
  const Clock clock;
  Books books = seed_books(clock);
  Client& client = books.clients.at(102);
  const Id id = add_invoice(books, client, {"Unpaid", 1, 5, {{0, "Item", 0, "A", 10000, true}}}, clock).id;
  Invoice& invoice = books.invoices.at(id);
  CHECK(books.balance(invoice) == 11000);
  Transaction part;
  part.client = client.id;
  part.invoice = id;
  part.amount_in = 4000;
  books.add_transaction(part, clock.local_now());
  CHECK(invoice.status == "Unpaid");
  CHECK(books.balance(invoice) == 7000);
  part.amount_in = 9000;
  books.add_transaction(part, clock.local_now());
  CHECK(invoice.status == "Paid");
  CHECK(invoice.paid_at != kNoTime);
  CHECK(client.credit == 2000);
}

TEST_CASE("credit pays as far as it reaches") {
  const Clock clock;
  Books books = seed_books(clock);
  Client& client = books.clients.at(102);
  client.credit = 3000;
  const Id id = add_invoice(books, client, {"Unpaid", 1, 5, {{0, "Item", 0, "A", 10000, false}}}, clock).id;
  Invoice& invoice = books.invoices.at(id);
  books.apply_credit(client, invoice, 1000, clock.local_now());
  CHECK(invoice.total() == 9000);
  CHECK(client.credit == 2000);
  client.credit = 50000;
  books.apply_credit(client, invoice, 99999, clock.local_now());
  CHECK(client.credit == 41000);
  CHECK(books.balance(invoice) == 0);
  CHECK(invoice.status == "Paid");
}

}  // namespace sandbox::whmcs
