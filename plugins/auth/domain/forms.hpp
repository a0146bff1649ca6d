// What the routes take and give, with the rules of each field.
#pragma once

#include <portico/contract.hpp>
#include <portico/contracts/billing.hpp>
#include <portico/database.hpp>

namespace auth {

/// state is the prefecture, state or canton; country is ISO 3166 alpha-2.
struct AddressForm {
  std::string line1;
  std::optional<std::string> line2;
  std::string city;
  std::string state;
  std::string postcode;
  std::string country;
};
BOOST_DESCRIBE_STRUCT(AddressForm, (), (line1, line2, city, state, postcode, country))

struct SignUpForm {
  std::string email;
  std::string password;
  std::string first_name;
  std::string last_name;
  std::optional<std::string> company;
  std::string phone;
  std::string language;
  AddressForm address;
  bool accept_terms = false;
};
BOOST_DESCRIBE_STRUCT(SignUpForm, (),
                      (email, password, first_name, last_name, company, phone, language, address,
                       accept_terms))

struct ConfirmForm {
  std::string token;
  std::optional<std::string> password;
};
BOOST_DESCRIBE_STRUCT(ConfirmForm, (), (token, password))

struct SignInForm {
  std::string email;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(SignInForm, (), (email, password))

struct PasswordForm {
  std::string password;
};
BOOST_DESCRIBE_STRUCT(PasswordForm, (), (password))

struct EmailForm {
  std::string email;
};
BOOST_DESCRIBE_STRUCT(EmailForm, (), (email))

struct NewPasswordForm {
  std::string token;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(NewPasswordForm, (), (token, password))

/// An empty company takes it away.
struct ProfileChange {
  std::optional<std::string> first_name;
  std::optional<std::string> last_name;
  std::optional<std::string> company;
  std::optional<std::string> phone;
  std::optional<std::string> language;
};
BOOST_DESCRIBE_STRUCT(ProfileChange, (), (first_name, last_name, company, phone, language))

/// The answer to everybody who asked for a mail.
struct CheckMail {
  std::string status = "check_mail";
};
BOOST_DESCRIBE_STRUCT(CheckMail, (), (status))

/// The person who is signed in.
struct Me {
  std::string id;
  std::string email;
  std::string first_name;
  std::string last_name;
  std::optional<std::string> company;
  std::string phone;
  std::string language;
  portico::billing::Address address;
  std::vector<std::string> roles;
  std::string created_at;
};
BOOST_DESCRIBE_STRUCT(Me, (),
                      (id, email, first_name, last_name, company, phone, language, address, roles,
                       created_at))

/// What billing knows of a person; sealed wherever auth keeps it.
struct Profile {
  std::string first_name;
  std::string last_name;
  std::optional<std::string> company;
  std::string phone;
  portico::billing::Address address;
};
BOOST_DESCRIBE_STRUCT(Profile, (), (first_name, last_name, company, phone, address))

/// What a sign-up keeps until it is finished; sealed.
struct PendingPerson {
  std::string email;  // as typed
  std::string language;
  Profile profile;
};
BOOST_DESCRIBE_STRUCT(PendingPerson, (), (email, language, profile))

/// Rules that need more than one field.
/// errors    422 request.invalid with every finding
void check_sign_up(const SignUpForm& form, std::string_view portal_name);
void check_address(const AddressForm& address);

/// The form the account is found by: ASCII lower case.
std::string canonical_email(std::string_view typed);

/// Whether a postal code is one of that country; countries without a row take anything of 3 to 12 signs.
bool is_postcode(std::string_view country, std::string_view postcode);

portico::billing::Address to_address(const AddressForm& form);
PendingPerson to_person(const SignUpForm& form);
Profile to_profile(const portico::billing::Customer& customer);

/// "2026-11-22T07:44:15Z"
std::string rfc3339(portico::Time time);

}  // namespace auth

template <>
struct portico::Rules<auth::AddressForm> {
  static void apply(RuleSet<auth::AddressForm>& rule);
};
template <>
struct portico::Rules<auth::SignUpForm> {
  static void apply(RuleSet<auth::SignUpForm>& rule);
};
template <>
struct portico::Rules<auth::ConfirmForm> {
  static void apply(RuleSet<auth::ConfirmForm>& rule);
};
template <>
struct portico::Rules<auth::SignInForm> {
  static void apply(RuleSet<auth::SignInForm>& rule);
};
template <>
struct portico::Rules<auth::PasswordForm> {
  static void apply(RuleSet<auth::PasswordForm>& rule);
};
template <>
struct portico::Rules<auth::EmailForm> {
  static void apply(RuleSet<auth::EmailForm>& rule);
};
template <>
struct portico::Rules<auth::NewPasswordForm> {
  static void apply(RuleSet<auth::NewPasswordForm>& rule);
};
template <>
struct portico::Rules<auth::ProfileChange> {
  static void apply(RuleSet<auth::ProfileChange>& rule);
};

template <>
struct portico::Rules<auth::Me> {
  static void apply(RuleSet<auth::Me>& rule) { rule(&auth::Me::language).format(Format::language); }
};
