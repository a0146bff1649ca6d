// The request body: one form parameter that holds one JSON object.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace freebit {

/// "json=%7B…%7D", members in the order they were set; with "&version=…" where one is given.
std::string encode_form(const boost::json::object& request, std::string_view version = {});

/// Everything but A–Z a–z 0–9 - . _ ~ as %XX in capitals, a space as "+".
std::string form_escape(std::string_view text);

}  // namespace freebit
