// Look-ups and money rules.
#include "examples/sandbox/whmcs/books.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace {

Cents sum(const std::vector<Item>& items, bool taxed_only) {
  Cents total = 0;
  for (const auto& item : items)
    if (item.taxed || !taxed_only) total += item.amount;
  return total;
}

template <typename Map>
auto find_in(Map& map, Id id) -> decltype(&map.begin()->second) {
  const auto found = map.find(id);
  return found == map.end() ? nullptr : &found->second;
}

template <typename Map>
auto find_by_email(Map& map, std::string_view email) -> decltype(&map.begin()->second) {
  for (auto& [id, record] : map)
    if (equal_ignoring_case(record.email, email)) return &record;
  return nullptr;
}

}  // namespace

Cents Invoice::subtotal() const {
  return sum(items, false);
}
Cents Invoice::tax() const {
  return tax_of(sum(items, true), tax_rate);
}
Cents Invoice::tax2() const {
  return tax_of(sum(items, true), tax_rate2);
}
Cents Invoice::total() const {
  return subtotal() + tax() + tax2() - credit;
}

Books::Books() {
  currencies = {{1, {1, "JPY", "¥", "", 2, "1.00000"}},
                {2, {2, "CHF", "CHF ", "", 2, "0.00580"}},
                {3, {3, "USD", "$", " USD", 2, "0.00660"}}};
}

User* Books::find_user(Id id) {
  return find_in(users, id);
}
Client* Books::find_client(Id id) {
  return find_in(clients, id);
}
Invoice* Books::find_invoice(Id id) {
  return find_in(invoices, id);
}
Service* Books::find_service(Id id) {
  return find_in(services, id);
}
Order* Books::find_order(Id id) {
  return find_in(orders, id);
}
User* Books::find_user_by_email(std::string_view email) {
  return find_by_email(users, email);
}
Client* Books::find_client_by_email(std::string_view email) {
  return find_by_email(clients, email);
}

bool Books::is_member(Id client, Id user) const {
  return std::any_of(memberships.begin(), memberships.end(),
                     [&](const Membership& m) { return m.client == client && m.user == user; });
}

const Currency& Books::currency_of(const Client& client) const {
  const auto found = currencies.find(client.currency);
  return found == currencies.end() ? currencies.begin()->second : found->second;
}

User& Books::add_user(User user) {
  user.id = ++last_.last_user;
  return users[user.id] = std::move(user);
}

Client& Books::add_client(Client client, Id owner) {
  client.id = ++last_.last_client;
  client.owner_user_id = owner;
  memberships.push_back({client.id, owner, true});
  return clients[client.id] = std::move(client);
}

Invoice& Books::add_invoice(Invoice invoice) {
  invoice.id = ++last_.last_invoice;
  for (auto& item : invoice.items) item.id = next_item_id();
  return invoices[invoice.id] = std::move(invoice);
}

Service& Books::add_service(Service service) {
  if (service.id == 0) service.id = ++last_.last_service;
  return services[service.id] = std::move(service);
}

Order& Books::add_order(Order order) {
  order.id = ++last_.last_order;
  // Looks random, as the real one is, and is the same in every run.
  constexpr std::int64_t kLowest = 4'000'000'000, kRange = 5'999'999'999, kStep = 791'900'357;
  order.number = kLowest + order.id * kStep % kRange;
  return orders[order.id] = std::move(order);
}

Upgrade& Books::add_upgrade(Upgrade upgrade) {
  upgrade.id = ++last_.last_upgrade;
  return upgrades[upgrade.id] = std::move(upgrade);
}

PayMethod& Books::add_pay_method(PayMethod method) {
  method.id = ++last_.last_pay_method;
  if (method.rank == 0) method.rank = method.id;
  return pay_methods[method.id] = std::move(method);
}

void Books::change_credit(Client& client, Cents amount, std::string description, Id invoice,
                          const std::string& now) {
  client.credit += amount;
  credits.push_back(
      {++last_.last_credit, client.id, now.substr(0, 10), std::move(description), amount, invoice});
}

std::vector<const Transaction*> Books::transactions_of(Id invoice) const {
  std::vector<const Transaction*> out;
  for (const auto& [id, transaction] : transactions)
    if (transaction.invoice == invoice) out.push_back(&transaction);
  return out;
}

Cents Books::balance(const Invoice& invoice) const {
  Cents rest = invoice.total();
  for (const auto* transaction : transactions_of(invoice.id))
    rest -= transaction->amount_in - transaction->amount_out;
  return rest;
}

Transaction& Books::book_transaction(Transaction transaction) {
  transaction.id = ++last_.last_transaction;
  return transactions[transaction.id] = std::move(transaction);
}

Transaction& Books::add_transaction(Transaction transaction, const std::string& now) {
  auto& stored = book_transaction(std::move(transaction));
  auto* invoice = find_invoice(stored.invoice);
  if (invoice == nullptr) return stored;
  invoice->updated_at = now;
  const Cents rest = balance(*invoice);
  const bool open =
      invoice->status == "Unpaid" || invoice->status == "Payment Pending" || invoice->status == "Collections";
  if (stored.amount_in > 0 && open && rest <= 0) set_status(*invoice, "Paid", now);
  const Cents over = std::min(stored.amount_in, -rest);
  auto* client = find_client(invoice->client);
  if (over > 0 && client != nullptr)
    change_credit(*client, over, fmt::format("Invoice #{} Overpayment", invoice->id), invoice->id, now);
  return stored;
}

void Books::set_status(Invoice& invoice, const std::string& status, const std::string& now) {
  invoice.status = status;
  invoice.updated_at = now;
  if (status == "Paid") invoice.paid_at = now;
  if (status == "Unpaid" || status == "Draft") invoice.paid_at = kNoTime;
  if (status == "Cancelled") invoice.cancelled_at = now;
  if (status == "Refunded") invoice.refunded_at = now;
}

void Books::apply_credit(Client& client, Invoice& invoice, Cents at_most, const std::string& now) {
  const Cents used = std::max<Cents>(0, std::min({at_most, client.credit, balance(invoice)}));
  if (used == 0) return;
  change_credit(client, -used, fmt::format("Credit Applied to Invoice #{}", invoice.id), invoice.id, now);
  invoice.credit += used;
  invoice.updated_at = now;
  if (balance(invoice) <= 0) set_status(invoice, "Paid", now);
}

void Books::forget_old(std::int64_t now_ms) {
  constexpr std::int64_t kKeptMs = 24 * 3600 * 1000;
  std::erase_if(tokens, [&](const auto& entry) { return entry.second.expires_at_ms + kKeptMs < now_ms; });
  std::erase_if(sessions, [&](const auto& entry) { return entry.second.expires_at_ms < now_ms; });
}

const std::vector<std::string>& invoice_statuses() {
  static const std::vector<std::string> kStatuses{"Draft",    "Unpaid",      "Paid",           "Cancelled",
                                                  "Refunded", "Collections", "Payment Pending"};
  return kStatuses;
}

std::optional<std::string> canonical_status(std::string_view status) {
  for (const auto& known : invoice_statuses())
    if (equal_ignoring_case(known, status)) return known;
  return std::nullopt;
}

}  // namespace sandbox::whmcs
