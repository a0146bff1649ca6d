// The rules of the forms, and the turns from form to what the systems take.
#include "domain/forms.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "domain/password_rules.hpp"
#include "domain/unicode.hpp"

namespace auth {
namespace {

/// Names and lines that are only spaces are empty.
const char* not_blank(std::string_view text) {
  const auto points = code_points(text);
  if (points.find_first_not_of(U" \t\r\n\u3000") == points.npos) return "required";
  return text.find_first_of("\r\n") != std::string_view::npos ? "invalid_characters" : nullptr;
}

const char* one_line(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos ? "invalid_characters" : nullptr;
}

/// The SDK's rule plus: ASCII only, since not every mail server takes more.
const char* ascii_email(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })
             ? "invalid_email"
             : nullptr;
}

/// d: digit, a: letter, x: either; other signs stand for themselves.
bool matches(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() &&
         std::equal(text.begin(), text.end(), shape.begin(), [](char c, char s) {
           const bool digit = c >= '0' && c <= '9', letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           return s == 'd' ? digit : s == 'a' ? letter : s == 'x' ? digit || letter : c == s;
         });
}

struct PostcodeRow {
  std::string_view country;
  std::array<std::string_view, 6> shapes;
};

constexpr PostcodeRow kPostcodes[] = {
    {"JP", {"ddd-dddd", "ddddddd"}},
    {"US", {"ddddd", "ddddd-dddd"}},
    {"DE", {"ddddd"}},
    {"FR", {"ddddd"}},
    {"KR", {"ddddd"}},
    {"CN", {"dddddd"}},
    {"TW", {"ddd", "ddddd", "dddddd"}},
    {"SG", {"dddddd"}},
    {"AU", {"dddd"}},
    {"CH", {"dddd"}},
    {"AT", {"dddd"}},
    {"CA", {"ada dad", "adadad"}},
    {"GB", {"ad daa", "add daa", "aad daa", "aadd daa", "ada daa", "aada daa"}},
};

void note(std::vector<portico::contract::FieldError>& errors, std::string_view pointer, const char* code) {
  if (code) errors.push_back({std::string(pointer), code});
}

void refuse(std::vector<portico::contract::FieldError> errors) {
  portico::contract::Decoder decoder(portico::Unknown::refuse);
  decoder.errors = std::move(errors);
  portico::contract::finish(decoder);
}

}  // namespace

bool is_postcode(std::string_view country, std::string_view postcode) {
  for (const auto& row : kPostcodes)
    if (row.country == country)
      return std::any_of(row.shapes.begin(), row.shapes.end(),
                         [&](auto shape) { return !shape.empty() && matches(postcode, shape); });
  return postcode.size() >= 3 && postcode.size() <= 12 &&
         std::all_of(postcode.begin(), postcode.end(), [](char c) {
           return matches({&c, 1}, "x") || c == ' ' || c == '-';
         });
}

void check_address(const AddressForm& address) {
  if (!is_postcode(address.country, address.postcode)) refuse({{"/postcode", "invalid_postcode"}});
}

void check_sign_up(const SignUpForm& form, std::string_view portal_name) {
  std::vector<portico::contract::FieldError> errors;
  if (!is_postcode(form.address.country, form.address.postcode))
    note(errors, "/address/postcode", "invalid_postcode");
  auto words =
      personal_words(form.email, {form.first_name, form.last_name, form.company.value_or(""), portal_name});
  words.insert(words.end(), {"portico", "portal"});
  note(errors, "/password", check_password_for(form.password, words));
  refuse(std::move(errors));
}

std::string canonical_email(std::string_view typed) {
  std::string out(typed);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

portico::billing::Address to_address(const AddressForm& form) {
  return {form.line1,    form.line2 && form.line2->empty() ? std::nullopt : form.line2,
          form.city,     form.state,
          form.postcode, form.country};
}

PendingPerson to_person(const SignUpForm& form) {
  const auto company = form.company && form.company->empty() ? std::nullopt : form.company;
  return {form.email,
          form.language,
          {form.first_name, form.last_name, company, form.phone, to_address(form.address)}};
}

Profile to_profile(const portico::billing::Customer& customer) {
  return {customer.first_name, customer.last_name, customer.company, customer.phone, customer.address};
}

std::string rfc3339(portico::Time time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace auth

namespace portico {

void Rules<auth::AddressForm>::apply(RuleSet<auth::AddressForm>& rule) {
  rule(&auth::AddressForm::line1).length(1, 100).check(auth::not_blank);
  rule(&auth::AddressForm::line2).length(0, 100).check(auth::one_line);
  rule(&auth::AddressForm::city).length(1, 60).check(auth::not_blank);
  rule(&auth::AddressForm::state).length(1, 60).check(auth::not_blank);
  rule(&auth::AddressForm::postcode).length(1, 12).check(auth::not_blank);
  rule(&auth::AddressForm::country).length(1, 2).format(Format::country);
}

void Rules<auth::SignUpForm>::apply(RuleSet<auth::SignUpForm>& rule) {
  rule(&auth::SignUpForm::email).length(1, 254).format(Format::email).check(auth::ascii_email);
  rule(&auth::SignUpForm::password)
      .length(auth::kMinPassword, auth::kMaxPassword)
      .check(auth::check_password);
  rule(&auth::SignUpForm::first_name).length(1, 60).check(auth::not_blank);
  rule(&auth::SignUpForm::last_name).length(1, 60).check(auth::not_blank);
  rule(&auth::SignUpForm::company).length(0, 100).check(auth::one_line);
  rule(&auth::SignUpForm::phone).length(1, 24).format(Format::phone);
  rule(&auth::SignUpForm::language).length(1, 2).format(Format::language);
  rule(&auth::SignUpForm::accept_terms).must_be_true();
}

void Rules<auth::ConfirmForm>::apply(RuleSet<auth::ConfirmForm>& rule) {
  rule(&auth::ConfirmForm::token).length(1, 100);
  rule(&auth::ConfirmForm::password).length(1, auth::kMaxPassword);
}

void Rules<auth::SignInForm>::apply(RuleSet<auth::SignInForm>& rule) {
  rule(&auth::SignInForm::email).length(1, 254).format(Format::email).check(auth::ascii_email);
  rule(&auth::SignInForm::password).length(1, auth::kMaxPassword);  // imported accounts have short ones
}

void Rules<auth::PasswordForm>::apply(RuleSet<auth::PasswordForm>& rule) {
  rule(&auth::PasswordForm::password).length(1, auth::kMaxPassword);
}

void Rules<auth::EmailForm>::apply(RuleSet<auth::EmailForm>& rule) {
  rule(&auth::EmailForm::email).length(1, 254).format(Format::email).check(auth::ascii_email);
}

void Rules<auth::NewPasswordForm>::apply(RuleSet<auth::NewPasswordForm>& rule) {
  rule(&auth::NewPasswordForm::token).length(1, 100);
  rule(&auth::NewPasswordForm::password)
      .length(auth::kMinPassword, auth::kMaxPassword)
      .check(auth::check_password);
}

void Rules<auth::ProfileChange>::apply(RuleSet<auth::ProfileChange>& rule) {
  rule(&auth::ProfileChange::first_name).length(1, 60).check(auth::not_blank);
  rule(&auth::ProfileChange::last_name).length(1, 60).check(auth::not_blank);
  rule(&auth::ProfileChange::company).length(0, 100).check(auth::one_line);
  rule(&auth::ProfileChange::phone).length(1, 24).format(Format::phone);
  rule(&auth::ProfileChange::language).length(1, 2).format(Format::language);
}

}  // namespace portico
