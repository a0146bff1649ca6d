// The books as JSON and back, for the state file. What a record keeps is what it describes.
#include <boost/mp11.hpp>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/whmcs/books.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

/// Hands every member with its name to `visit`.
template <typename R, typename V>
void members(R& record, V&& visit) {
  using Members = boost::describe::describe_members<std::remove_const_t<R>, boost::describe::mod_public>;
  boost::mp11::mp_for_each<Members>([&](auto member) { visit(member.name, record.*member.pointer); });
}

template <typename R>
json::object written(const R& record);

json::value value_of(Id id) {
  return id;
}
json::value value_of(const std::string& text) {
  return json::value(text);
}
template <typename R>
json::value value_of(const R& record) {
  return written(record);
}
std::string key_of(Id id) {
  return std::to_string(id);
}
const std::string& key_of(const std::string& text) {
  return text;
}

struct Put {
  json::object& to;
  template <typename K, typename T>
  void operator()(std::string_view name, const std::map<K, T>& map) const {
    json::object out;
    for (const auto& [key, value] : map) out[key_of(key)] = value_of(value);
    to[name] = std::move(out);
  }
  template <typename T>
  void operator()(std::string_view name, const std::vector<T>& list) const {
    json::array out;
    for (const auto& element : list) out.push_back(value_of(element));
    to[name] = std::move(out);
  }
  template <typename T>
  void operator()(std::string_view name, const T& value) const {
    to[name] = value;
  }
};

template <typename R>
json::object written(const R& record) {
  json::object out;
  members(record, Put{out});
  return out;
}

template <typename R>
R read(const json::object& from);

void read_value(const json::value& from, Id& into) {
  into = from.to_number<Id>();
}
void read_value(const json::value& from, std::string& into) {
  into = std::string(from.as_string());
}
template <typename R>
void read_value(const json::value& from, R& into) {
  into = read<R>(from.as_object());
}
void read_key(std::string_view from, std::string& into) {
  into = std::string(from);
}
void read_key(std::string_view from, Id& into) {
  into = std::stoll(std::string(from));
}

/// A member that an older file has not keeps its default.
struct Get {
  const json::object& from;
  template <typename K, typename T>
  void operator()(std::string_view name, std::map<K, T>& map) const {
    const auto* found = from.if_contains(name);
    if (found == nullptr) return;
    for (const auto& member : found->as_object()) {
      K key{};
      read_key(member.key(), key);
      read_value(member.value(), map[key]);
    }
  }
  template <typename T>
  void operator()(std::string_view name, std::vector<T>& list) const {
    const auto* found = from.if_contains(name);
    if (found == nullptr) return;
    for (const auto& element : found->as_array()) read_value(element, list.emplace_back());
  }
  template <typename T>
  void operator()(std::string_view name, T& value) const {
    take(from, name, value);
  }
};

template <typename R>
R read(const json::object& from) {
  R record;
  members(record, Get{from});
  return record;
}

template <typename Map>
json::array all(const Map& map) {
  json::array out;
  for (const auto& [key, record] : map) out.push_back(written(record));
  return out;
}

template <typename R, typename Map, typename Key>
void read_all(const json::object& from, std::string_view name, Map& into, Key key) {
  const auto* found = from.if_contains(name);
  if (found == nullptr) return;
  for (const auto& value : found->as_array()) {
    R record = read<R>(value.as_object());
    auto at = record.*key;
    into[std::move(at)] = std::move(record);
  }
}

}  // namespace

json::object Books::to_json() const {
  json::object out = written(last_);
  Put put{out};
  put("memberships", memberships);
  put("credits", credits);
  put("cancel_requests", cancel_requests);
  out["users"] = all(users);
  out["clients"] = all(clients);
  out["invoices"] = all(invoices);
  out["transactions"] = all(transactions);
  out["services"] = all(services);
  out["orders"] = all(orders);
  out["upgrades"] = all(upgrades);
  out["pay_methods"] = all(pay_methods);
  out["tokens"] = all(tokens);
  out["sessions"] = all(sessions);
  return out;
}

Books Books::from_json(const json::object& from) {
  Books books;
  books.last_ = read<Last>(from);
  const Get get{from};
  get("memberships", books.memberships);
  get("credits", books.credits);
  get("cancel_requests", books.cancel_requests);
  read_all<User>(from, "users", books.users, &User::id);
  read_all<Client>(from, "clients", books.clients, &Client::id);
  read_all<Invoice>(from, "invoices", books.invoices, &Invoice::id);
  read_all<Transaction>(from, "transactions", books.transactions, &Transaction::id);
  read_all<Service>(from, "services", books.services, &Service::id);
  read_all<Order>(from, "orders", books.orders, &Order::id);
  read_all<Upgrade>(from, "upgrades", books.upgrades, &Upgrade::id);
  read_all<PayMethod>(from, "pay_methods", books.pay_methods, &PayMethod::id);
  read_all<SsoToken>(from, "tokens", books.tokens, &SsoToken::token);
  read_all<Session>(from, "sessions", books.sessions, &Session::key);
  return books;
}

}  // namespace sandbox::whmcs
