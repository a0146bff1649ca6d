// AddClient, UpdateClient, GetClients: the billing accounts.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/countries.hpp"
#include "examples/sandbox/whmcs/password.hpp"
#include "examples/sandbox/whmcs/php_serialized.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

bool looks_like_email(std::string_view email) {
  const auto at = email.find('@');
  if (at == 0 || at == std::string_view::npos || email.find('@', at + 1) != std::string_view::npos)
    return false;
  const auto domain = email.substr(at + 1);
  return domain.find('.') != std::string_view::npos && !domain.starts_with('.') && !domain.ends_with('.') &&
         email.find_first_of(" <>()[],;:\\\"") == std::string_view::npos;
}

bool looks_like_phone(std::string_view phone) {
  return phone.find_first_not_of("0123456789+-. ()") == std::string_view::npos &&
         std::count_if(phone.begin(), phone.end(), [](char c) { return c >= '0' && c <= '9'; }) >= 5;
}

bool is_blocked(const Switches& switches, std::string_view email) {
  return std::any_of(
      switches.blocked_email_domains.begin(), switches.blocked_email_domains.end(), [&](const auto& domain) {
        return email.size() > domain.size() + 1 &&
               equal_ignoring_case(email.substr(email.size() - domain.size() - 1), "@" + domain);
      });
}

std::vector<std::string> problems_of(const Call& call) {
  std::vector<std::string> out;
  const auto missing = [&](std::string_view name, std::string_view label) {
    if (trim(call.raw(name)).empty()) out.push_back(fmt::format("You did not enter your {}", label));
  };
  const bool skip = call.flag("skipvalidation");
  if (!skip) {
    missing("firstname", "first name");
    missing("lastname", "last name");
  }
  missing("email", "email address");
  if (!trim(call.raw("email")).empty() && !looks_like_email(trim(call.raw("email"))))
    out.emplace_back("The email address you entered was not valid");
  if (!skip) {
    missing("address1", " address line 1");  // the real text has two spaces as well
    missing("city", "city");
    missing("state", "state");
    missing("postcode", "postcode");
    missing("phonenumber", "phone number");
    if (!trim(call.raw("phonenumber")).empty() && !looks_like_phone(call.raw("phonenumber")))
      out.emplace_back("Invalid telephone phone number");
    std::string country = trim(call.raw("country"));
    std::transform(country.begin(), country.end(), country.begin(), ::toupper);
    if (!is_country(country)) out.emplace_back("Valid country required");
  }
  if (!call.has("owner_user_id") && call.raw("password2").empty())
    out.emplace_back("You did not enter your password");
  return out;
}

/// Takes every profile parameter the call names; the others stay.
void take_profile(const Call& call, Client& client) {
  const std::array<std::pair<std::string_view, std::string*>, 13> kTexts{
      {{"firstname", &client.first_name},
       {"lastname", &client.last_name},
       {"companyname", &client.company},
       {"email", &client.email},
       {"address1", &client.address1},
       {"address2", &client.address2},
       {"city", &client.city},
       {"state", &client.state},
       {"postcode", &client.postcode},
       {"tax_id", &client.tax_id},
       {"notes", &client.notes},
       {"language", &client.language},
       {"paymentmethod", &client.default_gateway}}};
  for (const auto& [name, target] : kTexts)
    if (call.has(name)) *target = call.text(name);
  if (call.has("country")) {
    client.country = call.text("country");
    std::transform(client.country.begin(), client.country.end(), client.country.begin(), ::toupper);
  }
  if (call.has("phonenumber"))
    split_phone(trim(call.raw("phonenumber")), client.country, client.phone_country_code,
                client.phone_number);
  if (call.has("currency") && call.books.currencies.contains(call.integer("currency")))
    client.currency = call.integer("currency");
  if (call.has("groupid")) client.group = call.integer("groupid");
  if (call.has("marketingoptin")) client.marketing_opt_in = call.flag("marketingoptin");
  if (call.has("customfields") && !call.raw("customfields").empty()) {
    try {
      for (auto& [id, value] : read_custom_fields(call.raw("customfields")))
        client.custom_fields[id] = html_escape(well_formed(value));
    } catch (const std::runtime_error&) {
      // PHP's unserialize answers false and WHMCS goes on without the fields
    }
  }
}

std::string new_uuid() {
  std::string hex = random_hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

}  // namespace

namespace {

json::object profile_of(const Client& client) {
  return {{"userid", client.id},
          {"uuid", client.uuid},
          {"firstname", client.first_name},
          {"lastname", client.last_name},
          {"companyname", client.company},
          {"email", client.email},
          {"address1", client.address1},
          {"address2", client.address2},
          {"city", client.city},
          {"state", client.state},
          {"postcode", client.postcode},
          {"country", client.country},
          {"phonenumber", client.phone_number},
          {"status", client.status},
          {"language", client.language}};
}

}  // namespace

json::object add_client(Call& call) {
  Books& books = call.books;
  User* owner = nullptr;
  if (call.has("owner_user_id")) {
    owner = books.find_user(call.integer("owner_user_id"));
    if (owner == nullptr) throw ActionError("Invalid Owner User ID");
  }
  const auto problems = problems_of(call);
  if (!problems.empty())
    throw ActionError(call.switches.validation_errors == "all" ? fmt::format("{}", fmt::join(problems, "\n"))
                                                               : problems.front());
  const std::string email = call.text("email");
  if (owner == nullptr && books.find_user_by_email(email) != nullptr)
    throw ActionError("A user already exists with that email address");
  if (books.find_client_by_email(email) != nullptr || is_blocked(call.switches, email))
    throw ActionError("The email address entered is not available for use.");

  Client client;
  client.uuid = new_uuid();
  client.language = "english";
  for (const auto* kind : {"general", "invoice", "support", "product", "domain", "affiliate"})
    client.email_preferences[kind] = "1";
  take_profile(call, client);
  client.created_on = date_text(call.clock.today());
  client.email_verified = false;
  Id owner_id = owner == nullptr ? 0 : owner->id;
  if (owner == nullptr) {
    User user;
    user.first_name = client.first_name;
    user.last_name = client.last_name;
    user.email = email;
    user.language = client.language;
    user.password_hash = hash_password(std::string(call.raw("password2")));
    user.created_at = call.clock.local_now();
    owner_id = books.add_user(std::move(user)).id;
  }
  Client& added = books.add_client(std::move(client), owner_id);
  if (owner == nullptr)
    call.hooks.push_back({"UserAdd", {{"user_id", owner_id}, {"password", call.raw("password2")}}});
  json::object vars = profile_of(added);
  vars["client_id"] = added.id;
  vars["user_id"] = owner_id;
  vars["password"] = call.raw("password2");
  call.hooks.push_back({"ClientAdd", std::move(vars)});
  if (call.switches.new_client_invoices == "every_state") add_sample_invoices(books, added, call.clock);
  call.changed = true;
  return {{"clientid", added.id}, {"owner_id", owner_id}};
}

json::object update_client(Call& call) {
  Client* client = call.has("clientid") ? call.books.find_client(call.integer("clientid"))
                                        : call.books.find_client_by_email(call.text("clientemail"));
  if (client == nullptr) throw ActionError("Client ID Not Found");
  if (call.has("email")) {
    if (!looks_like_email(trim(call.raw("email"))))
      throw ActionError("The email address entered is not valid");
    const auto* other = call.books.find_client_by_email(call.text("email"));
    if (other != nullptr && other != client) throw ActionError("Duplicate Email Address");
  }
  json::object before = profile_of(*client);
  take_profile(call, *client);
  for (const auto* known : {"Active", "Inactive", "Closed"})
    if (equal_ignoring_case(call.raw("status"), known)) client->status = known;
  const std::array<std::pair<std::string_view, bool*>, 6> kFlags{
      {{"latefeeoveride", &client->late_fee_override},
       {"overideduenotices", &client->override_due_notices},
       {"taxexempt", &client->tax_exempt},
       {"separateinvoices", &client->separate_invoices},
       {"disableautocc", &client->disable_auto_card},
       {"overrideautoclose", &client->override_auto_close}}};
  for (const auto& [name, target] : kFlags)
    if (call.has(name)) *target = call.flag(name);
  if (const auto* preferences = call.form.find("email_preferences");
      preferences != nullptr && preferences->is_array) {
    for (const auto& [kind, value] : preferences->entries)
      if (client->email_preferences.contains(kind))
        client->email_preferences[kind] = value.text.empty() || value.text == "0" ? "0" : "1";
  }
  json::object vars = profile_of(*client);
  vars["olddata"] = std::move(before);
  call.hooks.push_back({"ClientEdit", std::move(vars)});
  call.changed = true;
  return {{"clientid", std::to_string(client->id)}};
}

json::object get_clients(Call& call) {
  const std::string search = call.text("search");
  const std::string status = call.text("status");
  std::vector<const Client*> found;
  for (const auto& [id, client] : call.books.clients) {
    if (!status.empty() && !equal_ignoring_case(client.status, status)) continue;
    const std::string full_name = client.first_name + " " + client.last_name;
    const bool fits = search.empty() || starts_ignoring_case(client.email, search) ||
                      starts_ignoring_case(client.first_name, search) ||
                      starts_ignoring_case(client.last_name, search) ||
                      starts_ignoring_case(full_name, search) || starts_ignoring_case(client.company, search);
    if (fits) found.push_back(&client);
  }
  const std::string order = lower(call.raw("orderby"));
  const auto key = [&](const Client* client) -> std::pair<std::string, Id> {
    if (order == "firstname") return {lower(client->first_name), client->id};
    if (order == "companyname") return {lower(client->company), client->id};
    if (order == "email") return {lower(client->email), client->id};
    if (order == "groupid") return {fmt::format("{:09}", client->group), client->id};
    if (order == "datecreated") return {client->created_on, client->id};
    if (order == "status") return {client->status, client->id};
    if (order == "id") return {"", client->id};
    return {lower(client->last_name), client->id};
  };
  const bool descending = equal_ignoring_case(call.raw("sorting"), "desc");
  std::sort(found.begin(), found.end(),
            [&](const Client* a, const Client* b) { return descending ? key(b) < key(a) : key(a) < key(b); });
  json::object answer;
  const Page page = page_of(call, found.size(), answer);
  json::array list;
  for (std::size_t i = page.from; i < page.from + page.count; ++i) {
    const Client& client = *found[i];
    list.push_back(json::object{{"id", client.id},
                                {"firstname", client.first_name},
                                {"lastname", client.last_name},
                                {"companyname", client.company},
                                {"email", client.email},
                                {"datecreated", client.created_on},
                                {"groupid", client.group},
                                {"status", client.status}});
  }
  call.shapes.nested(answer, "clients", "client", std::move(list));
  return answer;
}

}  // namespace sandbox::whmcs
