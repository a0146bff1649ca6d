// A WHMCS client in our words and back: names, phone, language, address, the marker in the notes.
#pragma once

#include <portico/contracts/billing.hpp>

#include "client/fields.hpp"
#include "client/form.hpp"

namespace whmcs {

/// Spaces and signs fall away; an international number gets WHMCS's form "+81.312345678", a national one
/// stays national: "03-1234-5678" → "0312345678".
std::string phone_to_whmcs(std::string_view phone);
/// "+81.312345678" → "+81312345678"; a national number (its part after the dot begins with 0) comes back
/// national.
std::string phone_from_whmcs(const Fields& client);

/// "ja" → "japanese", everything else "english".
std::string language_to_whmcs(std::string_view language);
/// Empty means the installation's default, which is taken to be the portal's.
std::string language_from_whmcs(std::string_view language, std::string_view portal_language);

/// An id of ours as WHMCS's number. errors: the problem given, for a text that is no number above 0.
std::int64_t to_id(std::string_view id, portico::Problem otherwise);

/// AddClient without password. errors: 422 billing.refused (country), 422 request.invalid (marker).
Form add_client_form(const portico::billing::NewCustomer& customer);
/// UpdateClient with what the change names.
Form update_client_form(std::int64_t client_id, const portico::billing::CustomerChange& change);
/// The reply of GetClientsDetails. errors: BadReply.
portico::billing::Customer customer_from(const Fields& reply, std::string_view portal_language);

/// Whether the notes of the client in a reply of GetClientsDetails hold the marker as a word of its own.
bool has_marker(const Fields& reply, std::string_view marker);
/// Mail addresses that WHMCS treats as one: equal but for ASCII case.
bool same_email(std::string_view a, std::string_view b);

}  // namespace whmcs
