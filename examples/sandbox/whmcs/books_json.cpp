// The books as JSON and back, for the state file. One list of members per record serves both directions.
#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/whmcs/books.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

// Each `members` hands every member with its name to `visit`.
template <typename R, typename V>
void members(R& r, V&& visit) requires std::is_same_v<std::remove_const_t<R>, User> {
  visit("id", r.id), visit("first_name", r.first_name), visit("last_name", r.last_name),
      visit("email", r.email);
  visit("password_hash", r.password_hash), visit("language", r.language), visit("created_at", r.created_at);
  visit("last_login", r.last_login);
}

template <typename R, typename V>
void members(R& r, V&& visit) requires std::is_same_v<std::remove_const_t<R>, Client> {
  visit("id", r.id), visit("uuid", r.uuid), visit("owner_user_id", r.owner_user_id);
  visit("first_name", r.first_name), visit("last_name", r.last_name), visit("company", r.company);
  visit("email", r.email), visit("address1", r.address1), visit("address2", r.address2),
      visit("city", r.city);
  visit("state", r.state), visit("postcode", r.postcode), visit("country", r.country);
  visit("phone_country_code", r.phone_country_code), visit("phone_number", r.phone_number);
  visit("tax_id", r.tax_id), visit("notes", r.notes), visit("language", r.language);
  visit("default_gateway", r.default_gateway), visit("status", r.status), visit("currency", r.currency);
  visit("group", r.group), visit("credit", r.credit), visit("tax_exempt", r.tax_exempt);
  visit("late_fee_override", r.late_fee_override), visit("override_due_notices", r.override_due_notices);
  visit("separate_invoices", r.separate_invoices), visit("disable_auto_card", r.disable_auto_card);
  visit("override_auto_close", r.override_auto_close), visit("marketing_opt_in", r.marketing_opt_in);
  visit("allow_single_sign_on", r.allow_single_sign_on), visit("email_verified", r.email_verified);
  visit("email_preferences", r.email_preferences), visit("custom_fields", r.custom_fields);
  visit("created_on", r.created_on);
}

template <typename R, typename V>
void members(R& r, V&& visit) requires std::is_same_v<std::remove_const_t<R>, Membership> {
  visit("client", r.client), visit("user", r.user), visit("owner", r.owner);
}

template <typename R, typename V>
void members(R& r, V&& visit) requires std::is_same_v<std::remove_const_t<R>, Item> {
  visit("id", r.id), visit("type", r.type), visit("related", r.related), visit("description", r.description);
  visit("amount", r.amount), visit("taxed", r.taxed);
}

template <typename R, typename V>
void members(R& r, V&& visit) requires std::is_same_v<std::remove_const_t<R>, Transaction> {
  visit("id", r.id), visit("client", r.client), visit("gateway", r.gateway), visit("date", r.date);
  visit("description", r.description), visit("amount_in", r.amount_in), visit("fees", r.fees);
  visit("amount_out", r.amount_out), visit("reference", r.reference), visit("invoice", r.invoice);
  visit("refund_of", r.refund_of);
}

template <typename R, typename V>
void members(R& r, V&& visit) requires std::is_same_v<std::remove_const_t<R>, Invoice> {
  visit("id", r.id), visit("client", r.client), visit("number", r.number), visit("date", r.date);
  visit("due_date", r.due_date), visit("paid_at", r.paid_at), visit("refunded_at", r.refunded_at);
  visit("capture_attempted_at", r.capture_attempted_at), visit("cancelled_at", r.cancelled_at);
  visit("credit", r.credit), visit("tax_rate", r.tax_rate), visit("tax_rate2", r.tax_rate2);
  visit("status", r.status), visit("gateway", r.gateway), visit("notes", r.notes);
  visit("created_at", r.created_at), visit("updated_at", r.updated_at), visit("items", r.items);
}

template <typename R, typename V>
void members(R& r, V&& visit) requires std::is_same_v<std::remove_const_t<R>, SsoToken> {
  visit("token", r.token), visit("client", r.client), visit("user", r.user),
      visit("destination", r.destination);
  visit("expires_at_ms", r.expires_at_ms), visit("used", r.used);
}

template <typename R, typename V>
void members(R& r, V&& visit) requires std::is_same_v<std::remove_const_t<R>, Session> {
  visit("key", r.key), visit("client", r.client), visit("expires_at_ms", r.expires_at_ms);
}

template <typename R>
json::object written(const R& record);

struct Put {
  json::object& to;
  void operator()(std::string_view name, const std::map<std::string, std::string>& map) const {
    json::object out;
    for (const auto& [key, value] : map) out[key] = value;
    to[name] = std::move(out);
  }
  void operator()(std::string_view name, const std::map<Id, std::string>& map) const {
    json::object out;
    for (const auto& [key, value] : map) out[std::to_string(key)] = value;
    to[name] = std::move(out);
  }
  void operator()(std::string_view name, const std::vector<Item>& items) const {
    json::array out;
    for (const auto& item : items) out.push_back(written(item));
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

struct Get {
  const json::object& from;
  void operator()(std::string_view name, std::map<std::string, std::string>& map) const {
    for (const auto& member : from.at(name).as_object())
      map[std::string(member.key())] = std::string(member.value().as_string());
  }
  void operator()(std::string_view name, std::map<Id, std::string>& map) const {
    for (const auto& member : from.at(name).as_object())
      map[std::stoll(std::string(member.key()))] = std::string(member.value().as_string());
  }
  void operator()(std::string_view name, std::vector<Item>& items) const {
    for (const auto& item : from.at(name).as_array()) items.push_back(read<Item>(item.as_object()));
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
  for (const auto& value : from.at(name).as_array()) {
    R record = read<R>(value.as_object());
    auto at = record.*key;
    into[std::move(at)] = std::move(record);
  }
}

}  // namespace

json::object Books::to_json() const {
  json::array links;
  for (const auto& membership : memberships) links.push_back(written(membership));
  return {{"last_user", last_user_},
          {"last_client", last_client_},
          {"last_invoice", last_invoice_},
          {"last_item", last_item_},
          {"last_transaction", last_transaction_},
          {"users", all(users)},
          {"clients", all(clients)},
          {"memberships", std::move(links)},
          {"invoices", all(invoices)},
          {"transactions", all(transactions)},
          {"tokens", all(tokens)},
          {"sessions", all(sessions)}};
}

Books Books::from_json(const json::object& from) {
  Books books;
  take(from, "last_user", books.last_user_);
  take(from, "last_client", books.last_client_);
  take(from, "last_invoice", books.last_invoice_);
  take(from, "last_item", books.last_item_);
  take(from, "last_transaction", books.last_transaction_);
  read_all<User>(from, "users", books.users, &User::id);
  read_all<Client>(from, "clients", books.clients, &Client::id);
  for (const auto& link : from.at("memberships").as_array())
    books.memberships.push_back(read<Membership>(link.as_object()));
  read_all<Invoice>(from, "invoices", books.invoices, &Invoice::id);
  read_all<Transaction>(from, "transactions", books.transactions, &Transaction::id);
  read_all<SsoToken>(from, "tokens", books.tokens, &SsoToken::token);
  read_all<Session>(from, "sessions", books.sessions, &Session::key);
  return books;
}

}  // namespace sandbox::whmcs
