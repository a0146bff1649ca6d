// Customers found by keys of ours, written all or nothing.
#include "mapping/customers.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "client/ids.hpp"
#include "client/text.hpp"
#include "mapping/words.hpp"

namespace salesforce {

namespace json = boost::json;
namespace contract = portico::crm;
using portico::Problem;

namespace {

constexpr char kNoAccount[] = "crm.account_not_found", kNoContact[] = "crm.contact_not_found";

constexpr std::array<Word<contract::AccountState>, 3> kStates{{{contract::AccountState::pending, "Pending"},
                                                               {contract::AccountState::active, "Active"},
                                                               {contract::AccountState::closed, "Closed"}}};
using Check = contract::EligibilityState;
constexpr std::array<Word<Check>, 3> kChecks{
    {{Check::pending, "Pending"}, {Check::eligible, "Eligible"}, {Check::ineligible, "Ineligible"}}};

std::string customer_key(std::string_view id, std::string_view pointer) {
  constexpr std::size_t kLongest = 20;
  check_length(id, pointer, 1, kLongest);
  return std::string(id);
}

std::string user_key(std::string_view id, std::string_view pointer) {
  constexpr std::size_t kLongest = 64;
  check_length(id, pointer, 1, kLongest);
  return std::string(id);
}

/// The one row of a query that can have no more than one.
std::optional<Record> only(const json::array& rows) {
  if (rows.empty()) return std::nullopt;
  return Record(rows.front().as_object());
}

contract::Account account_from(const Record& record, std::string as_of) {
  contract::Account out;
  out.id = record.id("Id");
  out.customer_id = record.text_if("WHMCS_Client_Id__c");
  out.name = record.text("Name");
  out.phone = record.text_if("Phone");
  out.state = ours_of(kStates, record.text("Portal_Status__c"), contract::AccountState::other);
  out.address = address_from(record, "Billing");
  out.as_of = std::move(as_of);
  return out;
}

contract::Contact contact_from(const Record& record, std::string as_of) {
  contract::Contact out;
  out.id = record.id("Id");
  out.account_id = record.id("AccountId");
  out.user_id = record.text_if("Portal_User_Id__c");
  out.first_name = record.text_if("FirstName");
  out.last_name = record.text("LastName");
  out.email = record.text_if("Email");
  out.phone = record.text_if("Phone");
  out.language = record.text_if("Preferred_Language__c");
  out.address = address_from(record, "Mailing");
  out.as_of = std::move(as_of);
  return out;
}

contract::Eligibility eligibility_from(const Record& record, std::string as_of) {
  contract::Eligibility out;
  out.state = ours_of(kChecks, record.text("Internet_Eligibility_Status__c"), Check::unchecked);
  if (out.state == Check::eligible) out.line = record.text_if("Internet_Eligibility__c");
  out.checked_at = record.time_if("Internet_Eligibility_Checked_At__c");
  out.address = address_from(record, "Shipping");
  out.as_of = std::move(as_of);
  return out;
}

}  // namespace

contract::CustomerLink Customers::upsert(const contract::CustomerRecord& customer) {
  constexpr std::size_t kLongestName = 80, kLongestFirst = 40, kLongestCompany = 255, kLongestPhone = 40;
  const auto user = user_key(customer.user_id, "/user_id");
  const auto billing = customer_key(customer.customer_id, "/customer_id");
  check_length(customer.last_name, "/last_name", 1, kLongestName);
  check_length(customer.first_name, "/first_name", 0, kLongestFirst);
  check_length(customer.company.value_or(""), "/company", 0, kLongestCompany);
  check_length(customer.phone, "/phone", 0, kLongestPhone);
  check_address(customer.address, "/address");
  const auto person =
      fmt::format("{}{}{}", customer.first_name, customer.first_name.empty() ? "" : " ", customer.last_name);
  json::object account{{"Name", customer.company && !customer.company->empty() ? *customer.company : person},
                       {"Phone", text_or_null(customer.phone)}};
  put_address(account, "Billing", customer.address);
  json::object contact{
      {"AccountId", "@{account.id}"},          {"FirstName", text_or_null(customer.first_name)},
      {"LastName", customer.last_name},        {"Email", text_or_null(customer.email)},
      {"Phone", text_or_null(customer.phone)}, {"Preferred_Language__c", text_or_null(customer.language)}};
  put_address(contact, "Mailing", customer.address);
  const std::vector<Part> parts{
      {"PATCH", "sobjects/Account/WHMCS_Client_Id__c/" + percent_encode(billing), "account", account},
      {"PATCH", "sobjects/Contact/Portal_User_Id__c/" + percent_encode(user), "contact", contact}};
  // The keys make a second time the same as the first. After a lost answer the pair is read; it counts only
  // if the person there is the one who was written.
  const auto look = [&]() -> std::optional<contract::CustomerLink> {
    contract::CustomerLink link;
    try {
      link = find({user, billing});
    } catch (const Problem& problem) {
      if (problem.code == "crm.customer_not_found") return std::nullopt;
      throw;
    }
    const auto there = this->contact({link.account_id, link.contact_id});
    const bool same = there.last_name == customer.last_name &&
                      there.first_name.value_or("") == customer.first_name &&
                      lower(there.email.value_or("")) == lower(customer.email) &&
                      there.phone.value_or("") == customer.phone && there.address == customer.address;
    return same ? std::optional(link) : std::nullopt;
  };
  return in_our_words(desk_, "composite", [&] {
    return make_once("composite", look, [&]() -> contract::CustomerLink {
      const auto bodies = desk_.client.composite(parts);
      return reading(desk_.client, "composite", [&] {
        return contract::CustomerLink{read_written(bodies.at("account")).id,
                                      read_written(bodies.at("contact")).id};
      });
    });
  });
}

contract::CustomerLink Customers::find(const contract::CustomerKeys& keys) {
  if (!keys.user_id && !keys.customer_id) throw portico::invalid_field("/user_id", "required");
  return in_our_words(desk_, "query", [&]() -> contract::CustomerLink {
    const Problem unknown(404, "crm.customer_not_found", "no record with these keys");
    if (keys.user_id) {
      std::vector<soql::Condition> wanted{
          soql::equals("Portal_User_Id__c", soql::text(user_key(*keys.user_id, "/user_id")))};
      if (keys.customer_id)
        wanted.push_back(soql::equals("Account.WHMCS_Client_Id__c",
                                      soql::text(customer_key(*keys.customer_id, "/customer_id"))));
      const auto rows = desk_.client.query(
          soql::Select("Contact").fields({"Id", "AccountId"}).where(soql::all_of(wanted)).limit(2), 2);
      const auto row = only(rows);
      if (!row) throw unknown;
      const auto account = row->id_if("AccountId");
      if (!account) throw unknown;
      return {*account, row->id("Id")};
    }
    const auto rows = desk_.client.query(
        soql::Select("Account")
            .fields({"Id"})
            .where(soql::equals("WHMCS_Client_Id__c",
                                soql::text(customer_key(*keys.customer_id, "/customer_id"))))
            .limit(2),
        2);
    const auto row = only(rows);
    if (!row) throw unknown;
    return {row->id("Id"), {}};
  });
}

contract::Account Customers::account(const contract::AccountRef& ref) {
  const auto id = id_of(ref.account_id, "001", kNoAccount);
  return in_our_words(desk_, "query", [&] {
    const auto rows = desk_.client.query(
        soql::Select("Account")
            .fields({"Id", "WHMCS_Client_Id__c", "Name", "Phone", "Portal_Status__c", "BillingStreet",
                     "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry"})
            .where(soql::equals("Id", soql::id(id))),
        1);
    const auto row = only(rows);
    if (!row) throw Problem(404, kNoAccount, "no such account");
    return account_from(*row, desk_.as_of());
  });
}

contract::Account Customers::change_account(const contract::AccountChange& change) {
  constexpr std::size_t kLongestName = 255, kLongestPhone = 40;
  const auto id = id_of(change.account_id, "001", kNoAccount);
  json::object fields;
  if (change.name) {
    check_length(*change.name, "/name", 1, kLongestName);
    fields["Name"] = *change.name;
  }
  if (change.phone) {
    check_length(*change.phone, "/phone", 0, kLongestPhone);
    fields["Phone"] = text_or_null(*change.phone);
  }
  if (change.state) {
    const auto word = theirs_of(kStates, *change.state);
    if (word.empty()) throw portico::invalid_field("/state", "not_one_of");
    fields["Portal_Status__c"] = json::string_view(word.data(), word.size());
  }
  if (change.address) {
    check_address(*change.address, "/address");
    put_address(fields, "Billing", *change.address);
  }
  return in_our_words(desk_, "update", [&] {
    if (fields.empty()) return account(contract::AccountRef{id});
    const auto stands = [&] {
      const auto there = account(contract::AccountRef{id});
      return (!change.name || there.name == *change.name) &&
             (!change.phone || there.phone.value_or("") == *change.phone) &&
             (!change.state || there.state == *change.state) &&
             (!change.address || there.address == *change.address);
    };
    try {
      set_once("update", stands, [&] { desk_.client.update("Account", id, fields); });
    } catch (const Refusal& refusal) {
      if (is_gone(refusal)) throw Problem(404, kNoAccount, "no such account");
      throw;
    }
    return account(contract::AccountRef{id});
  });
}

contract::Contact Customers::contact(const contract::ContactRef& ref) {
  const auto account = id_of(ref.account_id, "001", kNoContact);
  const auto id = id_of(ref.contact_id, "003", kNoContact);
  return in_our_words(desk_, "query", [&] {
    const auto rows =
        desk_.client.query(soql::Select("Contact")
                               .fields({"Id", "AccountId", "Portal_User_Id__c", "FirstName", "LastName",
                                        "Email", "Phone", "Preferred_Language__c", "MailingStreet",
                                        "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry"})
                               .where(soql::all_of({soql::equals("Id", soql::id(id)),
                                                    soql::equals("AccountId", soql::id(account))})),
                           1);
    const auto row = only(rows);
    if (!row) throw Problem(404, kNoContact, "no such contact of this account");
    return contact_from(*row, desk_.as_of());
  });
}

contract::Contact Customers::change_contact(const contract::ContactChange& change) {
  constexpr std::size_t kLongestName = 80, kLongestFirst = 40, kLongestPhone = 40;
  const contract::ContactRef ref{change.account_id, change.contact_id};
  json::object fields;
  if (change.first_name) {
    check_length(*change.first_name, "/first_name", 0, kLongestFirst);
    fields["FirstName"] = text_or_null(*change.first_name);
  }
  if (change.last_name) {
    check_length(*change.last_name, "/last_name", 1, kLongestName);
    fields["LastName"] = *change.last_name;
  }
  if (change.email) fields["Email"] = text_or_null(*change.email);
  if (change.phone) {
    check_length(*change.phone, "/phone", 0, kLongestPhone);
    fields["Phone"] = text_or_null(*change.phone);
  }
  if (change.language) fields["Preferred_Language__c"] = text_or_null(*change.language);
  if (change.address) {
    check_address(*change.address, "/address");
    put_address(fields, "Mailing", *change.address);
  }
  // Whose it is comes first: an id alone may be another customer's.
  const auto there = contact(ref);
  if (fields.empty()) return there;
  return in_our_words(desk_, "update", [&] {
    const auto stands = [&] {
      const auto now = contact(ref);
      return (!change.first_name || now.first_name.value_or("") == *change.first_name) &&
             (!change.last_name || now.last_name == *change.last_name) &&
             (!change.email || lower(now.email.value_or("")) == lower(*change.email)) &&
             (!change.phone || now.phone.value_or("") == *change.phone) &&
             (!change.language || now.language.value_or("") == *change.language) &&
             (!change.address || now.address == *change.address);
    };
    set_once("update", stands, [&] { desk_.client.update("Contact", there.id, fields); });
    return contact(ref);
  });
}

void Customers::expect_person(const std::string& account_id, const std::string& contact_id) {
  id_of(account_id, "001", kNoAccount);
  contact({account_id, contact_id});
}

contract::Eligibility Customers::eligibility(const contract::AccountRef& ref) {
  const auto id = id_of(ref.account_id, "001", kNoAccount);
  return in_our_words(desk_, "query", [&] {
    const auto rows = desk_.client.query(
        soql::Select("Account")
            .fields({"Id", "Internet_Eligibility__c", "Internet_Eligibility_Status__c",
                     "Internet_Eligibility_Checked_At__c", "ShippingStreet", "ShippingCity", "ShippingState",
                     "ShippingPostalCode", "ShippingCountry"})
            .where(soql::equals("Id", soql::id(id))),
        1);
    const auto row = only(rows);
    if (!row) throw Problem(404, kNoAccount, "no such account");
    return eligibility_from(*row, desk_.as_of());
  });
}

contract::Eligibility Customers::request_eligibility(const contract::EligibilityRequest& request) {
  check_reference(request.reference);
  check_address(request.address, "/address");
  check_length(request.address.street, "/address/street", 1, 255);
  expect_person(request.account_id, request.contact_id);
  const auto account = id_of(request.account_id, "001", kNoAccount);
  const auto contact = id_of(request.contact_id, "003", kNoContact);
  json::object marked{{"Internet_Eligibility_Status__c", "Pending"},
                      {"Internet_Eligibility__c", nullptr},
                      {"Internet_Eligibility_Checked_At__c", nullptr}};
  put_address(marked, "Shipping", request.address);
  const json::object opened{
      {"Portal_Case_Id__c", request.reference},
      {"AccountId", account},
      {"ContactId", contact},
      {"Origin", "Web"},
      {"Portal_Category__c", "Internet"},
      {"Subject", "Internet eligibility"},
      {"Description", fmt::format("{}\n{}\n{}\n{}\n{}", request.address.street, request.address.city,
                                  request.address.state, request.address.postcode, request.address.country)}};
  // The case has the key, so it comes first: a repeat is turned down before it marks the account anew.
  const std::vector<Part> parts{{"POST", "sobjects/Case", "kase", opened},
                                {"PATCH", "sobjects/Account/" + account, "account", marked}};
  const auto look = [&]() -> std::optional<bool> {
    const auto rows = desk_.client.query(
        soql::Select("Case")
            .fields({"Id"})
            .where(soql::all_of({soql::equals("Portal_Case_Id__c", soql::text(request.reference)),
                                 soql::equals("AccountId", soql::id(account))}))
            .limit(1),
        1);
    return rows.empty() ? std::nullopt : std::optional(true);
  };
  return in_our_words(desk_, "composite", [&] {
    make_once("composite", look, [&] {
      desk_.client.composite(parts);
      return true;
    });
    return eligibility({account});
  });
}

}  // namespace salesforce
