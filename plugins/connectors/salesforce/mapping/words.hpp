// Salesforce's words and ours: addresses, and picklists by table.
#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <portico/contracts/crm.hpp>

#include "client/records.hpp"

namespace salesforce {

/// One word of a picklist.
template <class Enum>
struct Word {
  Enum ours;
  std::string_view theirs;
};

/// Ours of theirs, letter case aside; otherwise for a word nobody knows.
template <class Enum, std::size_t N>
Enum ours_of(const std::array<Word<Enum>, N>& table, std::string_view theirs, Enum otherwise) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (const auto& word : table)
    if (std::equal(word.theirs.begin(), word.theirs.end(), theirs.begin(), theirs.end(),
                   [&](char a, char b) { return lower(a) == lower(b); }))
      return word.ours;
  return otherwise;
}

/// "" for what has no word.
template <class Enum, std::size_t N>
std::string_view theirs_of(const std::array<Word<Enum>, N>& table, Enum ours) {
  for (const auto& word : table)
    if (word.ours == ours) return word.theirs;
  return {};
}

/// The five fields BillingStreet … BillingCountry of prefix Billing.
portico::crm::Address address_from(const Record& record, std::string_view prefix);
void put_address(boost::json::object& fields, std::string_view prefix, const portico::crm::Address& address);
/// errors: 422 request.invalid below that pointer
void check_address(const portico::crm::Address& address, std::string_view pointer);

/// null clears: an empty text has no other way to the org.
boost::json::value text_or_null(std::string_view text);

}  // namespace salesforce
