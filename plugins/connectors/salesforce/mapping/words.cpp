// Addresses.
#include "mapping/words.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "mapping/desk.hpp"

namespace salesforce {

namespace {

constexpr std::size_t kLongestStreet = 255, kLongestCity = 40, kLongestState = 80, kLongestPostcode = 20,
                      kLongestCountry = 80;

std::string field(std::string_view prefix, std::string_view part) {
  return fmt::format("{}{}", prefix, part);
}

}  // namespace

portico::crm::Address address_from(const Record& record, std::string_view prefix) {
  return {record.text(field(prefix, "Street")), record.text(field(prefix, "City")),
          record.text(field(prefix, "State")), record.text(field(prefix, "PostalCode")),
          record.text(field(prefix, "Country"))};
}

void put_address(boost::json::object& fields, std::string_view prefix, const portico::crm::Address& address) {
  fields[field(prefix, "Street")] = text_or_null(address.street);
  fields[field(prefix, "City")] = text_or_null(address.city);
  fields[field(prefix, "State")] = text_or_null(address.state);
  fields[field(prefix, "PostalCode")] = text_or_null(address.postcode);
  fields[field(prefix, "Country")] = text_or_null(address.country);
}

void check_address(const portico::crm::Address& address, std::string_view pointer) {
  check_length(address.street, fmt::format("{}/street", pointer), 0, kLongestStreet);
  check_length(address.city, fmt::format("{}/city", pointer), 0, kLongestCity);
  check_length(address.state, fmt::format("{}/state", pointer), 0, kLongestState);
  check_length(address.postcode, fmt::format("{}/postcode", pointer), 0, kLongestPostcode);
  check_length(address.country, fmt::format("{}/country", pointer), 0, kLongestCountry);
}

boost::json::value text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return boost::json::string(text);
}

}  // namespace salesforce
