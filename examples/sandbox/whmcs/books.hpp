// The billing system's books: records, look-ups, and the money rules that hold whoever writes.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/whmcs/order_records.hpp"

namespace sandbox::whmcs {

/// Not thread-safe: the room locks. Ids of clients, users, invoices, … are separate sequences with distant
/// starts, so that a mix-up never hits by chance.
class Books {
 public:
  Books();

  std::map<Id, User> users;
  std::map<Id, Client> clients;
  std::vector<Membership> memberships;
  std::map<Id, Currency> currencies;
  std::map<Id, Invoice> invoices;
  std::map<Id, Transaction> transactions;
  std::map<Id, Service> services;
  std::map<Id, Order> orders;
  std::map<Id, Upgrade> upgrades;
  std::vector<CreditEntry> credits;
  std::map<Id, PayMethod> pay_methods;
  std::vector<CancelRequest> cancel_requests;
  std::map<std::string, SsoToken> tokens;
  std::map<std::string, Session> sessions;

  User* find_user(Id id);
  Client* find_client(Id id);
  Invoice* find_invoice(Id id);
  Service* find_service(Id id);
  Order* find_order(Id id);
  User* find_user_by_email(std::string_view email);      // any letter case
  Client* find_client_by_email(std::string_view email);  // any letter case
  bool is_member(Id client, Id user) const;
  const Currency& currency_of(const Client& client) const;

  User& add_user(User user);
  /// Adds the client and makes `owner` its owner.
  Client& add_client(Client client, Id owner);
  Invoice& add_invoice(Invoice invoice);
  Id next_item_id() { return ++last_.last_item; }
  /// A service without an id gets the next one.
  Service& add_service(Service service);
  Order& add_order(Order order);
  Upgrade& add_upgrade(Upgrade upgrade);
  PayMethod& add_pay_method(PayMethod method);
  /// Changes the client's credit and writes the line of its log.
  void change_credit(Client& client, Cents amount, std::string description, Id invoice,
                     const std::string& now);

  std::vector<const Transaction*> transactions_of(Id invoice) const;
  /// total − Σ(money in − money out)
  Cents balance(const Invoice& invoice) const;

  /// Books a transaction; a payment that brings the balance to 0 makes the invoice Paid, more becomes credit.
  Transaction& add_transaction(Transaction transaction, const std::string& now);
  /// Books one and nothing else: the invoice stays in its state.
  Transaction& book_transaction(Transaction transaction);
  /// Sets status and the date that belongs to it.
  void set_status(Invoice& invoice, const std::string& status, const std::string& now);
  /// Takes the client's credit for the invoice, as far as both reach.
  void apply_credit(Client& client, Invoice& invoice, Cents at_most, const std::string& now);
  /// Drops tokens and sessions that ended before `now_ms` by a day.
  void forget_old(std::int64_t now_ms);

  boost::json::object to_json() const;
  static Books from_json(const boost::json::object& from);

 private:
  struct Last {
    Id last_user = 500, last_client = 100, last_invoice = 9000, last_item = 15000, last_transaction = 7700,
       last_service = 4000, last_order = 700, last_upgrade = 40, last_credit = 300, last_pay_method = 60;
    BOOST_DESCRIBE_CLASS(Last, (),
                         (last_user, last_client, last_invoice, last_item, last_transaction, last_service,
                          last_order, last_upgrade, last_credit, last_pay_method),
                         (), ())
  };
  Last last_;
};

/// The seven status words, as printed.
const std::vector<std::string>& invoice_statuses();
/// The spelling WHMCS prints for a status given in any letter case; nothing for another word.
std::optional<std::string> canonical_status(std::string_view status);

}  // namespace sandbox::whmcs
