// AddClient made repeatable, and the plain customer calls.
#include "mapping/customers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mapping/customer_words.hpp"
#include "mapping/desk.hpp"
#include "mapping/refusals.hpp"

namespace whmcs {

namespace {

using portico::Problem;
namespace contract = portico::billing;

constexpr std::int64_t kPage = 100;
constexpr int kMostPages = 10;

Problem customer_not_found(std::string_view id) {
  return Problem(404, "billing.customer_not_found", fmt::format("'{}' is no client id", id));
}

}  // namespace

std::vector<std::int64_t> Customers::clients_with(const std::string& email) {
  std::vector<std::int64_t> ids;
  for (int page = 0; page < kMostPages; ++page) {
    Form form;  // search matches the start of mail addresses and names: compare whole
    form.set("search", email).set("orderby", "id").set("sorting", "ASC");
    form.set("limitstart", page * kPage).set("limitnum", kPage);
    const bool more = api_.ask("GetClients", form, Kind::read, [&](const Fields& reply) {
      const auto rows = reply.list("clients", "client");
      for (const auto& row : rows)
        if (same_email(row.text("email"), email)) ids.push_back(row.integer("id"));
      return static_cast<std::int64_t>(rows.size()) == kPage;
    });
    if (!more) break;
  }
  return ids;
}

std::optional<std::string> Customers::find_made(const contract::NewCustomer& customer) {
  const auto ids = clients_with(customer.email);
  for (const auto id : ids) {
    const bool ours = api_.ask("GetClientsDetails", Form().set("clientid", id), Kind::read,
                               [&](const Fields& reply) { return has_marker(reply, customer.marker); });
    if (ours) return std::to_string(id);
  }
  if (!ids.empty())
    throw Problem(409, "billing.customer_exists", fmt::format("client {} has the address", ids.front()));
  return std::nullopt;
}

std::optional<std::string> Customers::find_after_unknown(const contract::NewCustomer& customer) {
  try {
    return find_made(customer);
  } catch (const Problem& problem) {
    if (problem.status < 500) throw;  // somebody else has the address: that is known
  } catch (const Refusal&) {
    // no answer to the question either
  }
  return std::nullopt;
}

contract::CustomerRef Customers::create(const contract::NewCustomer& customer) {
  auto form = add_client_form(customer);
  return in_our_words([&]() -> contract::CustomerRef {
    if (const auto made = find_made(customer)) return {*made};
    form.set("password2", new_password_());
    try {
      return {api_.ask("AddClient", form, Kind::write,
                       [](const Fields& reply) { return std::to_string(reply.integer("clientid")); })};
    } catch (const Refusal& refusal) {
      if (!is_duplicate_customer(refusal)) throw;
      // An earlier try of ours may have come through between the look and the call.
      if (const auto made = find_made(customer)) return {*made};
      throw;
    } catch (const Problem& problem) {
      if (!may_have_run(problem)) throw;
      if (const auto made = find_after_unknown(customer)) return {*made};
      throw Problem(503, "upstream.unavailable",
                    fmt::format("AddClient ended with {}: outcome unknown", problem.code), 5);
    }
  });
}

contract::Customer Customers::get(const contract::CustomerRef& ref) {
  const auto id = to_id(ref.customer_id, customer_not_found(ref.customer_id));
  return in_our_words([&] {
    return api_.ask("GetClientsDetails", Form().set("clientid", id), Kind::read,
                    [&](const Fields& reply) { return customer_from(reply, portal_language_); });
  });
}

contract::Customer Customers::update(const contract::CustomerChange& change) {
  const auto id = to_id(change.customer_id, customer_not_found(change.customer_id));
  const auto form = update_client_form(id, change);
  in_our_words(
      [&] { return api_.ask("UpdateClient", form, Kind::write, [](const Fields&) { return true; }); });
  return get({change.customer_id});
}

contract::LoginResult Customers::verify_login(const contract::Login& login) {
  return in_our_words([&] {
    contract::LoginResult result;
    const auto user =
        api_.ask("ValidateLogin", Form().set("email", login.email).set("password2", login.password),
                 Kind::write, [&](const Fields& reply) {
                   result.second_factor = reply.flag("twoFactorEnabled");
                   return reply.integer("userid");  // a user's id, not a client's
                 });
    Form form;
    form.set("search", login.email).set("limitnum", kPage);
    api_.ask("GetUsers", form, Kind::read, [&](const Fields& reply) {
      for (const auto& row : reply.list("users", "user")) {
        if (row.integer("id") != user) continue;
        for (const auto& client : row.list("clients", "client"))
          result.customer_ids.push_back(std::to_string(client.integer("id")));
      }
      return true;
    });
    return result;
  });
}

}  // namespace whmcs
