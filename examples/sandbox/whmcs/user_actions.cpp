// ValidateLogin, GetUsers, CreateSsoToken: who signs in, and where a token leads.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/password.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

/// "11/06/2025 09:14" of "2025-06-11 09:14:05".
std::string localised(const std::string& time) {
  return fmt::format("{}/{}/{} {}", time.substr(8, 2), time.substr(5, 2), time.substr(0, 4),
                     time.substr(11, 5));
}

/// The path under the system URL a destination leads to. errors: ActionError.
std::string path_of(const Call& call) {
  const std::string destination(call.raw("destination"));
  if (destination.empty() || destination == "clientarea:homepage") return "clientarea.php";
  if (destination == "sso:custom_redirect") {
    std::string path(call.raw("sso_redirect_path"));
    const bool relative = !path.empty() && path[0] != '/' && path.find("://") == std::string::npos &&
                          path.find('\\') == std::string::npos && path.find("..") == std::string::npos &&
                          path.find_first_of("\r\n") == std::string::npos;
    if (!relative) throw ActionError("Invalid destination");
    return path;
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kPages{
      {{"profile", "clientarea.php?action=details"},
       {"billing_info", "clientarea.php?action=creditcard"},
       {"emails", "clientarea.php?action=emails"},
       {"announcements", "announcements.php"},
       {"downloads", "downloads.php"},
       {"knowledgebase", "knowledgebase.php"},
       {"network_status", "serverstatus.php"},
       {"services", "clientarea.php?action=services"},
       {"domains", "clientarea.php?action=domains"},
       {"invoices", "clientarea.php?action=invoices"},
       {"tickets", "supporttickets.php"},
       {"submit_ticket", "submitticket.php"},
       {"shopping_cart", "cart.php"},
       {"shopping_cart_addons", "cart.php?gid=addons"},
       {"shopping_cart_domain_register", "cart.php?a=add&domain=register"},
       {"shopping_cart_domain_transfer", "cart.php?a=add&domain=transfer"}}};
  constexpr std::string_view kArea = "clientarea:";
  if (destination.starts_with(kArea)) {
    const auto word = std::string_view(destination).substr(kArea.size());
    if (word == "product_details")
      return fmt::format("clientarea.php?action=productdetails&id={}", call.integer("service_id"));
    if (word == "domain_details")
      return fmt::format("clientarea.php?action=domaindetails&id={}", call.integer("domain_id"));
    for (const auto& [name, page] : kPages)
      if (name == word) return std::string(page);
  }
  throw ActionError("Invalid destination");
}

}  // namespace

json::object validate_login(Call& call) {
  User* user = call.books.find_user_by_email(call.text("email"));
  if (user == nullptr || !password_fits(std::string(call.raw("password2")), user->password_hash))
    throw ActionError("Email or Password Invalid");
  user->last_login =
      fmt::format("Date: {}<br>IP Address: {}<br>Host: ", localised(call.clock.local_now()), call.peer_ip);
  call.changed = true;
  return {{"userid", user->id}, {"passwordhash", random_hex(20)}, {"twoFactorEnabled", false}};
}

json::object get_users(Call& call) {
  const std::string search = call.text("search");
  std::vector<const User*> found;
  for (const auto& [id, user] : call.books.users) {
    const bool fits = search.empty() || starts_ignoring_case(user.email, search) ||
                      starts_ignoring_case(user.first_name, search) ||
                      starts_ignoring_case(user.last_name, search) ||
                      starts_ignoring_case(user.first_name + " " + user.last_name, search);
    if (fits) found.push_back(&user);
  }
  if (equal_ignoring_case(call.raw("sorting"), "desc")) std::reverse(found.begin(), found.end());
  json::object answer;
  const Page page = page_of(call, found.size(), answer);
  json::array users;
  for (std::size_t i = page.from; i < page.from + page.count; ++i) {
    const User& user = *found[i];
    json::array clients;
    for (const auto& membership : call.books.memberships)
      if (membership.user == user.id)
        clients.push_back(json::object{{"id", membership.client}, {"isOwner", membership.owner}});
    json::object one{{"id", user.id},       {"firstname", user.first_name},   {"lastname", user.last_name},
                     {"email", user.email}, {"datecreated", user.created_at}, {"validationdata", ""}};
    call.shapes.flat(one, "clients", std::move(clients));
    users.push_back(std::move(one));
  }
  call.shapes.flat(answer, "users", std::move(users));
  return answer;
}

json::object create_sso_token(Call& call) {
  const bool names_client = call.flag("client_id"), names_user = call.flag("user_id");
  if (!names_client && !names_user) throw ActionError("A valid client_id or user_id is required");
  const Client* client = names_client ? call.books.find_client(call.integer("client_id")) : nullptr;
  if (names_client && client == nullptr) throw ActionError("Invalid client_id");
  const User* user = names_user          ? call.books.find_user(call.integer("user_id"))
                     : client == nullptr ? nullptr
                                         : call.books.find_user(client->owner_user_id);
  if (user == nullptr) throw ActionError("Invalid user_id");
  if (client != nullptr && !call.books.is_member(client->id, user->id))
    throw ActionError("Invalid user_id for client");
  SsoToken token;
  token.destination = path_of(call);
  if (client != nullptr && (!client->allow_single_sign_on || client->status == "Closed"))
    throw ActionError(fmt::format("SSO authentication blocked for client {}", client->id));
  const std::int64_t now_ms = call.clock.now().time_since_epoch().count();
  token.token = random_hex(20);
  token.client = client == nullptr ? 0 : client->id;
  token.user = user->id;
  token.expires_at_ms = now_ms + std::int64_t{call.switches.sso_seconds} * 1000;
  call.books.forget_old(now_ms);
  const std::string key = token.token;
  call.books.tokens[key] = std::move(token);
  call.changed = true;
  return {{"access_token", key},
          {"redirect_url", fmt::format("{}/oauth/singlesignon.php?access_token={}", call.system_url, key)}};
}

}  // namespace sandbox::whmcs
