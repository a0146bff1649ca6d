// What the flow tests share: a billing system in memory, and the steps people take.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <portico/contracts/billing.hpp>
#include <portico/testkit.hpp>
#include <portico/testkit/postgres.hpp>

namespace auth::testing {

using portico::testkit::Browser;
using portico::testkit::Reply;
using portico::testkit::TestHost;
using Operations = std::map<std::string, TestHost::OperationFn>;  // of other plugins

inline std::string text(const boost::json::value& value) {
  return std::string(value.as_string());
}

inline const std::string kPassword = "seven grey boats drift";

inline portico::testkit::Postgres& database() {
  using portico::testkit::Postgres;
  static Postgres one(Postgres::url_of_environment(), "auth", AUTH_MIGRATIONS);
  return one;
}

/// Without the cookies, which differ.
inline portico::Headers plain_headers(const Reply& reply) {
  auto headers = reply.headers;
  std::erase_if(headers, [](const auto& header) { return header.first == "Set-Cookie"; });
  return headers;
}

struct Mail : portico::testkit::SentMail {
  /// The token of the link in it, "" without one.
  std::string token() const {
    const auto at = text.find("#token=");
    return at == text.npos ? "" : text.substr(at + 7, text.find('\n', at) - at - 7);
  }
};

/// The billing system as the connector shows it: keeps markers and addresses apart, and can be away.
struct FakeBilling {
  std::map<std::string, portico::billing::Customer> customers;  // by id
  std::map<std::string, std::string> by_marker;
  bool away = false;
  int creations = 0;

  void attach(Operations& operations) {
    operations["billing.create_customer/1"] = [this](std::string_view text) { return create(text); };
    operations["billing.get_customer/1"] = [this](std::string_view text) {
      if (away) throw portico::Problem(503, "upstream.unavailable");
      const auto found =
          customers.find(portico::decode_text<portico::billing::CustomerRef>(text).customer_id);
      if (found == customers.end()) throw portico::Problem(404, "billing.customer_not_found");
      return portico::encode_text(found->second);
    };
    operations["billing.update_customer/1"] = [this](std::string_view text) {
      if (away) throw portico::Problem(503, "upstream.unavailable");
      const auto change = portico::decode_text<portico::billing::CustomerChange>(text);
      auto& customer = customers.at(change.customer_id);
      if (change.first_name) customer.first_name = *change.first_name;
      if (change.company) customer.company = change.company->empty() ? std::nullopt : change.company;
      if (change.language) customer.language = *change.language;
      if (change.address) customer.address = *change.address;
      return portico::encode_text(customer);
    };
  }

  std::string create(std::string_view text) {
    if (away) throw portico::Problem(504, "upstream.timeout");
    const auto wanted = portico::decode_text<portico::billing::NewCustomer>(text);
    if (const auto made = by_marker.find(wanted.marker); made != by_marker.end())
      return portico::encode_text(portico::billing::CustomerRef{made->second});
    for (const auto& [id, customer] : customers)
      if (customer.email == wanted.email) throw portico::Problem(409, "billing.customer_exists");
    ++creations;
    const auto id = "c-" + wanted.marker;
    by_marker[wanted.marker] = id;
    customers[id] = {id,
                     wanted.email,
                     wanted.first_name,
                     wanted.last_name,
                     wanted.company,
                     wanted.phone,
                     wanted.language,
                     "JPY",
                     wanted.address};
    return portico::encode_text(portico::billing::CustomerRef{id});
  }
};

struct Scene {
  explicit Scene(boost::json::object settings = {}) {
    boost::json::object all{{"jwt_secret", std::string(32, 's')},
                            {"password_pepper", std::string(32, 'p')},
                            {"bcrypt_rounds", 4}};
    for (const auto& [key, setting] : settings) all[key] = setting;
    billing.attach(operations);
    for (const auto& [name, fn] : operations)
      host.provide(
          name, [this, name = name](std::string_view arguments) { return operations.at(name)(arguments); });
    host.portal({{"name", "Sample Net"}}).config(std::move(all)).with_database(database());
    host.follow_system_clock();  // PostgreSQL's now() is the machine's
    host.forbid_calls_in_transactions();
    host.load(PORTICO_PLUGIN_FILE);
  }
  FakeBilling billing;
  Operations operations;
  TestHost host;

  std::vector<Mail> mails() const {
    std::vector<Mail> all;
    for (auto& mail : host.mails()) all.push_back({mail});
    return all;
  }
  std::vector<std::string> pages() const {
    std::vector<std::string> paths;
    for (const auto& page : host.registered().pages) paths.push_back(page.path);
    return paths;
  }
  /// The user's id behind the browser's cookies, "" for nobody.
  std::string user_of(const Browser& browser) {
    const auto user = host.who(browser);
    return user ? user->user_id : "";
  }
  Reply sign_up(Browser& browser, const std::string& email, const std::string& password = kPassword) {
    return host.send(browser, "POST", "/api/auth/signup",
                     {{"email", email},
                      {"password", password},
                      {"first_name", "彩"},
                      {"last_name", "Sample"},
                      {"phone", "+81 3-1234-5678"},
                      {"language", "ja"},
                      {"accept_terms", true},
                      {"address",
                       {{"line1", "1-2-3"},
                        {"city", "Minato"},
                        {"state", "Tokyo"},
                        {"postcode", "105-0001"},
                        {"country", "JP"}}}});
  }
  Reply confirm(Browser& browser, const std::string& token) {
    return host.send(browser, "POST", "/api/auth/signup/confirm", {{"token", token}});
  }
  Reply sign_in(Browser& browser, const std::string& email, const std::string& password = kPassword) {
    return host.send(browser, "POST", "/api/auth/login", {{"email", email}, {"password", password}});
  }
  /// A finished account in one go. returns  the user's id
  std::string add_account(Browser& browser, const std::string& email) {
    REQUIRE(sign_up(browser, email).status == 202);
    const auto reply = confirm(browser, mails().back().token());
    INFO(reply.code << " " << reply.body);
    REQUIRE(reply.status == 200);
    return std::string(reply.json().at("id").as_string());
  }
  bool audited(const std::string& action, const std::string& outcome) const {
    const auto rows = host.audit();
    return std::any_of(rows.begin(), rows.end(),
                       [&](const auto& row) { return row.action == action && row.outcome == outcome; });
  }
};

/// Every test has addresses and networks of its own: the database is shared, the counters too.
inline std::string fresh_email() {
  static int n = 0;
  return "Person." + std::to_string(getpid()) + "." + std::to_string(++n) + "@Example.com";
}
inline Browser fresh_browser() {
  static int n = 0;
  ++n;
  return {{}, "10." + std::to_string(n / 250) + "." + std::to_string(n % 250) + ".1"};
}

inline std::string count_of(const std::string& what) {
  return database().ask("SELECT count(*)::text FROM " + what);
}

}  // namespace auth::testing
