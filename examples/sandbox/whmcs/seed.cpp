// Eleven customers, each with the one thing a test or a person looks for.
#include "examples/sandbox/whmcs/seed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/countries.hpp"
#include "examples/sandbox/whmcs/password.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"
#include "examples/sandbox/whmcs/sample_services.hpp"

namespace sandbox::whmcs {

namespace {

constexpr Cents kYen = 100;

struct Sample {
  const char* first;
  const char* last;
  const char* company;
  const char* email;
  const char* address1;
  const char* city;
  const char* state;
  const char* postcode;
  const char* country;
  const char* phone;
  const char* language;
  Id currency;
};

Client& add(Books& books, const Sample& sample, const Clock& clock) {
  static const std::string kHash = hash_password(std::string(kSamplePassword));
  const int joined = clock.today() - 400 + static_cast<int>(books.clients.size()) * 7;
  User user;
  user.first_name = html_escape(sample.first);
  user.last_name = html_escape(sample.last);
  user.email = html_escape(sample.email);
  user.language = sample.language;
  user.password_hash = kHash;
  user.created_at = date_text(joined) + " 10:11:12";
  const Id owner = books.add_user(std::move(user)).id;
  Client client;
  client.uuid = fmt::format("5a3b1e00-0000-4000-8000-{:012}", owner);
  client.first_name = html_escape(sample.first);
  client.last_name = html_escape(sample.last);
  client.company = html_escape(sample.company);
  client.email = html_escape(sample.email);
  client.address1 = html_escape(sample.address1);
  client.city = html_escape(sample.city);
  client.state = html_escape(sample.state);
  client.postcode = sample.postcode;
  client.country = sample.country;
  client.language = sample.language;
  client.currency = sample.currency;
  client.created_on = date_text(joined);
  split_phone(sample.phone, client.country, client.phone_country_code, client.phone_number);
  for (const auto* kind : {"general", "invoice", "support", "product", "domain", "affiliate"})
    client.email_preferences[kind] = "1";
  return books.add_client(std::move(client), owner);
}

/// One Paid invoice for each of the last `count` months, then an open one.
void add_history(Books& books, const Client& client, int count, const Clock& clock) {
  for (int month = -count; month < 0; ++month) {
    const int issued = clock.today() - month_start(clock.today(), month);
    add_invoice(books, client,
                {"Paid",
                 issued,
                 14 - issued,
                 {monthly_item("Fiber 1 Gbps", 4950 * kYen, month, clock),
                  monthly_item("Mobile SIM 3 GB", 990 * kYen, month, clock)}},
                clock);
  }
  add_invoice(books, client, {"Unpaid", 5, 9, {monthly_item("Fiber 1 Gbps", 4950 * kYen, 0, clock)}}, clock);
}

}  // namespace

Books seed_books(const Clock& clock) {
  Books books;
  const auto& every_state = add(books,
                                {"花子", "見本", "", "hanako@mihon.example", "見本町1-2-3", "千代田区",
                                 "東京都", "100-0001", "JP", "+81.312345678", "japanese", 1},
                                clock);
  add_sample_invoices(books, every_state, clock);
  add(books,
      {"Zero", "Sample", "", "zero@sample.example", "1-1 Mihon-cho", "Osaka", "Osaka", "530-0001", "JP",
       "+81.612345678", "english", 1},
      clock);
  const auto& many = add(books,
                         {"太郎", "見本", "株式会社見本商事", "taro@mihon.example", "例示2-4-6", "横浜市",
                          "神奈川県", "220-0012", "JP", "+81.451234567", "japanese", 1},
                         clock);
  add_history(books, many, 63, clock);
  add_sample_services(books, many, clock);

  const auto& partial =
      add(books,
          {"Pat", "O'Brien", "O'Brien & Söhne <Sample>", "pat@obrien.example", "4 \"Old\" Sample Lane",
           "Nagoya", "Aichi", "450-0002", "JP", "+81.521234567", "english", 1},
          clock);
  add_invoice(books, partial,
              {"Unpaid",
               10,
               4,
               {{0, "Item", 0, html_escape("Cabling & \"smart\" sockets for O'Brien's <main> office"),
                 12000 * kYen, true},
                {0, "Item", 0, "Postage (free of tax)", 520 * kYen, false}},
               5000 * kYen},
              clock);
  add_history(books, partial, 3, clock);
  add_sample_services(books, partial, clock);

  const auto& swiss = add(books,
                          {"Heidi", "Muster", "Muster & Söhne AG", "heidi@muster.example", "Musterweg 4",
                           "Basel", "Basel-Stadt", "4057", "CH", "+41.612345678", "german", 2},
                          clock);
  add_sample_invoices(books, swiss, clock);
  const auto& dollar = add(books,
                           {"Jane", "Placeholder", "", "jane@placeholder.example", "12 Sample Street",
                            "Springfield", "Oregon", "97477", "US", "+1.5415550100", "english", 3},
                           clock);
  add_sample_invoices(books, dollar, clock);

  auto& credit = add(books,
                     {"例子", "見本", "", "reiko@mihon.example", "見本通り7", "札幌市", "北海道", "060-0001",
                      "JP", "+81.111234567", "japanese", 1},
                     clock);
  books.change_credit(credit, 3000 * kYen, "Goodwill after an outage", 0, clock.local_now());
  add_invoice(books, credit,
              {"Unpaid", 6, 8, {monthly_item("Fiber 10 Gbps", 6600 * kYen, 0, clock)}, 0, 1000 * kYen},
              clock);
  auto& discount = add_invoice(books, credit,
                               {"Paid",
                                40,
                                -26,
                                {monthly_item("Fiber 10 Gbps", 6600 * kYen, -1, clock),
                                 {0, "PromoHosting", 0, "Welcome discount", -1100 * kYen, true}}},
                               clock);
  discount.notes = "Welcome discount agreed by phone.\r\nNo further action.";

  auto& blocked = add(books,
                      {"Sakura", "Tojita", "", "blocked@sample.example", "3-3 Mihon-cho", "Fukuoka",
                       "Fukuoka", "810-0001", "JP", "+81.921234567", "english", 1},
                      clock);
  blocked.allow_single_sign_on = false;
  add_history(books, blocked, 2, clock);
  auto& closed = add(books,
                     {"Owari", "Sample", "", "closed@sample.example", "9-9 Mihon-cho", "Kyoto", "Kyoto",
                      "600-8001", "JP", "+81.751234567", "english", 1},
                     clock);
  add_history(books, closed, 1, clock);
  closed.status = "Closed";
  auto& exempt = add(books,
                     {"Midori", "Menzei", "Sample Embassy", "exempt@sample.example", "5-5 Mihon-cho",
                      "Minato", "Tokyo", "106-0001", "JP", "+81.322345678", "english", 1},
                     clock);
  exempt.tax_exempt = true;
  add_history(books, exempt, 2, clock);
  auto& inactive = add(books,
                       {"Yasumi", "Sample", "", "inactive@sample.example", "6-6 Mihon-cho", "Sendai",
                        "Miyagi", "980-0001", "JP", "+81.221234567", "english", 1},
                       clock);
  inactive.status = "Inactive";
  add_card(books, every_state, "Company card", "4242", "Visa", clock);
  add_card(books, every_state, "", "0006", "JCB", clock);
  // One user who may act for two clients, and owns only one of them.
  books.memberships.push_back({partial.id, every_state.owner_user_id, false});
  return books;
}

}  // namespace sandbox::whmcs
