// Customer records as plugins share them: accounts with their people, and whether a home can be connected,
// whatever system keeps them.
//
// Writes take the caller's reference or name the values that are wanted: repeating one is safe, and is what
// to do after any 5xx. 503 crm.outcome_unknown: nobody knows yet whether the write took effect; wait for
// Retry-After first. A 4xx means that it did not. 422 crm.refused has members.errors like request.invalid; an
// entry's "text", where there is one, is the system's own and meant for the person who filled the form.
#pragma once

#include <portico/operations.hpp>

namespace portico::crm {

/// Whether somebody waits. refresh: what is known will do for now; asked for only while the system has room.
///
/// errors of refresh    503 upstream.quota_low
enum class Urgency { wanted, refresh };
BOOST_DESCRIBE_ENUM(Urgency, wanted, refresh)

/// As the system of record has it; country in its words.
struct Address {
  std::string street;
  std::string city;
  std::string state;
  std::string postcode;
  std::string country;
  friend bool operator==(const Address&, const Address&) = default;
};
BOOST_DESCRIBE_STRUCT(Address, (), (street, city, state, postcode, country))

/// The account and the contact of one customer. Ids are opaque.
struct CustomerLink {
  std::string account_id;
  std::string contact_id;
};
BOOST_DESCRIBE_STRUCT(CustomerLink, (), (account_id, contact_id))

/// A portal's user with what the billing system knows.
struct CustomerRecord {
  std::string user_id;      // of the portal: the contact's key
  std::string customer_id;  // of the billing system: the account's key
  std::string first_name;
  std::string last_name;
  std::optional<std::string> company;
  std::string email;
  std::string phone;
  std::string language;  // "en" or "ja"
  Address address;
};
BOOST_DESCRIBE_STRUCT(CustomerRecord, (),
                      (user_id, customer_id, first_name, last_name, company, email, phone, language, address))
/// Makes account and contact, or brings those with these keys up to date: both or none.
///
/// errors    422 crm.refused, request.invalid; 409 crm.duplicate, crm.ambiguous (a key is held by several
/// records);
///           503 crm.outcome_unknown; upstream.*
inline constexpr Operation<CustomerRecord, CustomerLink> upsert_customer{"crm.upsert_customer/1"};

/// By one key or both; with both, the contact must be of that account.
struct CustomerKeys {
  std::optional<std::string> user_id;
  std::optional<std::string> customer_id;
};
BOOST_DESCRIBE_STRUCT(CustomerKeys, (), (user_id, customer_id))
/// contact_id is empty where only the account is known.
///
/// errors    404 crm.customer_not_found; 422 request.invalid; upstream.*
inline constexpr Operation<CustomerKeys, CustomerLink> find_customer{"crm.find_customer/1"};

enum class AccountState { pending, active, closed, other };
BOOST_DESCRIBE_ENUM(AccountState, pending, active, closed, other)

struct Account {
  std::string id;
  std::optional<std::string> customer_id;  // of the billing system
  std::string name;
  std::optional<std::string> phone;
  AccountState state = AccountState::other;
  Address address;
  std::string as_of;  // RFC 3339 UTC: when the system of record said so
};
BOOST_DESCRIBE_STRUCT(Account, (), (id, customer_id, name, phone, state, address, as_of))
struct AccountRef {
  std::string account_id;
};
BOOST_DESCRIBE_STRUCT(AccountRef, (), (account_id))
/// errors    404 crm.account_not_found; upstream.*
inline constexpr Operation<AccountRef, Account> get_account{"crm.get_account/1"};

/// Changes what is given and leaves the rest. errors: 404 crm.account_not_found; 422 crm.refused,
/// request.invalid; 503 crm.outcome_unknown; upstream.*
struct AccountChange {
  std::string account_id;
  std::optional<std::string> name;
  std::optional<std::string> phone;
  std::optional<AccountState> state;  // not other
  std::optional<Address> address;
};
BOOST_DESCRIBE_STRUCT(AccountChange, (), (account_id, name, phone, state, address))
inline constexpr Operation<AccountChange, Account> update_account{"crm.update_account/1"};

struct Contact {
  std::string id;
  std::string account_id;
  std::optional<std::string> user_id;  // of the portal
  std::optional<std::string> first_name;
  std::string last_name;
  std::optional<std::string> email;
  std::optional<std::string> phone;
  std::optional<std::string> language;
  Address address;
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(Contact, (),
                      (id, account_id, user_id, first_name, last_name, email, phone, language, address,
                       as_of))
struct ContactRef {
  std::string account_id;
  std::string contact_id;
};
BOOST_DESCRIBE_STRUCT(ContactRef, (), (account_id, contact_id))
/// errors    404 crm.contact_not_found, also for another account's; upstream.*
inline constexpr Operation<ContactRef, Contact> get_contact{"crm.get_contact/1"};

/// errors: as update_account, 404 crm.contact_not_found
struct ContactChange {
  std::string account_id;
  std::string contact_id;
  std::optional<std::string> first_name;
  std::optional<std::string> last_name;
  std::optional<std::string> email;
  std::optional<std::string> phone;
  std::optional<std::string> language;
  std::optional<Address> address;
};
BOOST_DESCRIBE_STRUCT(ContactChange, (),
                      (account_id, contact_id, first_name, last_name, email, phone, language, address))
inline constexpr Operation<ContactChange, Contact> update_contact{"crm.update_contact/1"};

/// Whether the account's address can be connected. unchecked: nobody has asked.
enum class EligibilityState { unchecked, pending, eligible, ineligible };
BOOST_DESCRIBE_ENUM(EligibilityState, unchecked, pending, eligible, ineligible)

struct Eligibility {
  EligibilityState state = EligibilityState::unchecked;
  std::optional<std::string> line;        // of eligible: what the address can have; products name it
  std::optional<std::string> checked_at;  // RFC 3339 UTC
  Address address;                        // that is or was checked
  std::string as_of;
};
BOOST_DESCRIBE_STRUCT(Eligibility, (), (state, line, checked_at, address, as_of))
/// errors    404 crm.account_not_found; upstream.*
inline constexpr Operation<AccountRef, Eligibility> get_eligibility{"crm.get_eligibility/1"};

/// Asks the staff to check an address: marks the account and opens a case, both or none.
///
/// reference  1 to 64 characters of A–Z a–z 0–9 . _ -; unique to this request
/// errors     404 crm.account_not_found, crm.contact_not_found; 422 crm.refused, request.invalid; 503
///            crm.outcome_unknown; upstream.*
struct EligibilityRequest {
  std::string reference;
  std::string account_id;
  std::string contact_id;
  Address address;
};
BOOST_DESCRIBE_STRUCT(EligibilityRequest, (), (reference, account_id, contact_id, address))
inline constexpr Operation<EligibilityRequest, Eligibility> request_eligibility{"crm.request_eligibility/1"};

}  // namespace portico::crm
