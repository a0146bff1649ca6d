// Translation of clients; pure.
#include "mapping/customer_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "client/reply.hpp"

namespace whmcs {

namespace {

using portico::Problem;
using portico::billing::Address;

constexpr std::string_view kMarkerWord = "portico:";

/// How many digits of an international number are the country calling code. source: ITU-T E.164 list of codes
std::size_t calling_code_length(std::string_view digits) {
  if (digits.empty()) return 0;
  if (digits[0] == '1' || digits[0] == '7') return 1;
  constexpr std::array<std::string_view, 42> kTwo{
      "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45",
      "46", "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61",
      "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94"};
  const auto two = digits.substr(0, 2);
  if (two == "95" || two == "98" || std::find(kTwo.begin(), kTwo.end(), two) != kTwo.end()) return 2;
  return 3;
}

std::string digits_of(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out),
               [](char c) { return c >= '0' && c <= '9'; });
  return out;
}

Problem refused(std::string_view pointer, std::string_view code) {
  auto problem = portico::invalid_field(std::string(pointer), std::string(code));
  problem.code = "billing.refused";
  return problem;
}

std::string country_to_whmcs(std::string_view country) {
  const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (country.size() != 2 || !letter(country[0]) || !letter(country[1]))
    throw refused("/address/country", "invalid_country");
  return std::string(country);
}

void add_address(Form& form, const Address& address) {
  form.set("address1", address.line1).set("address2", address.line2.value_or(""));
  form.set("city", address.city).set("state", address.state).set("postcode", address.postcode);
  form.set("country", country_to_whmcs(address.country));
}

bool is_marker(std::string_view marker) {
  return !marker.empty() && marker.size() <= 64 && std::all_of(marker.begin(), marker.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

/// The client; older replies have its fields only at the top.
Fields client_of(const Fields& reply) {
  return reply.object("client").value_or(reply);
}

}  // namespace

std::string phone_to_whmcs(std::string_view phone) {
  auto digits = digits_of(phone);
  if (phone.find('+') == std::string_view::npos) return digits;
  const auto code = std::min(calling_code_length(digits), digits.size());
  return "+" + digits.substr(0, code) + "." + digits.substr(code);
}

std::string phone_from_whmcs(const Fields& client) {
  auto written = client.text("phonenumberformatted");
  if (written.empty()) written = client.text("telephoneNumber");
  if (written.empty()) written = client.text("phonenumber");
  const auto dot = written.find('.');
  if (!written.starts_with('+') || dot == std::string::npos) return written;
  auto number = digits_of(written.substr(dot));
  if (number.empty() || number.starts_with('0') || dot == 1) return number;
  return "+" + digits_of(written.substr(0, dot)) + number;
}

std::string language_to_whmcs(std::string_view language) {
  return language == "ja" ? "japanese" : "english";
}

std::string language_from_whmcs(std::string_view language, std::string_view portal_language) {
  if (language.empty()) return portal_language == "ja" ? "ja" : "en";
  return starts_with(language, "japanese") ? "ja" : "en";
}

std::int64_t to_id(std::string_view id, Problem otherwise) {
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (ec != std::errc() || end != id.data() + id.size() || number <= 0 || id.size() > 18) throw otherwise;
  return number;
}

Form add_client_form(const portico::billing::NewCustomer& customer) {
  if (!is_marker(customer.marker)) throw portico::invalid_field("/marker", "invalid_characters");
  Form form;
  form.set("firstname", customer.first_name).set("lastname", customer.last_name).set("email", customer.email);
  if (customer.company && !customer.company->empty()) form.set("companyname", *customer.company);
  add_address(form, customer.address);
  form.set("phonenumber", phone_to_whmcs(customer.phone))
      .set("language", language_to_whmcs(customer.language));
  form.set("notes", std::string(kMarkerWord) + customer.marker);
  form.flag("noemail", true);  // the portal writes to the person itself
  return form;
}

Form update_client_form(std::int64_t client_id, const portico::billing::CustomerChange& change) {
  Form form;
  form.set("clientid", client_id);
  form.set_if("firstname", change.first_name)
      .set_if("lastname", change.last_name)
      .set_if("companyname", change.company);
  if (change.address) add_address(form, *change.address);
  if (change.phone) form.set("phonenumber", phone_to_whmcs(*change.phone));
  if (change.language) form.set("language", language_to_whmcs(*change.language));
  return form;
}

portico::billing::Customer customer_from(const Fields& reply, std::string_view portal_language) {
  const auto client = client_of(reply);
  portico::billing::Customer customer;
  customer.id = std::to_string(client.integer("id"));
  customer.email = client.text("email");
  customer.first_name = client.text("firstname");
  customer.last_name = client.text("lastname");
  customer.company = client.text_if("companyname");
  customer.phone = phone_from_whmcs(client);
  customer.language = language_from_whmcs(client.text("language"), portal_language);
  customer.currency = client.text("currency_code");
  customer.address = {client.text("address1"), client.text_if("address2"), client.text("city"),
                      client.text("state"),    client.text("postcode"),    client.text("countrycode")};
  if (customer.address.country.empty()) customer.address.country = client.text("country");
  return customer;
}

bool has_marker(const Fields& reply, std::string_view marker) {
  const auto notes = client_of(reply).text("notes");
  const auto wanted = std::string(kMarkerWord) + std::string(marker);
  std::size_t at = 0;
  while (at < notes.size()) {
    const auto end = std::min(notes.find_first_of(" \n\t", at), notes.size());
    if (std::string_view(notes).substr(at, end - at) == wanted) return true;
    at = end + 1;
  }
  return false;
}

bool same_email(std::string_view a, std::string_view b) {
  return a.size() == b.size() && starts_with(a, b);
}

}  // namespace whmcs
