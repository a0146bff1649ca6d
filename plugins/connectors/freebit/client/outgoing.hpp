// The last look at a request before it leaves: what the interface's sheets forbid never gets past here.
#pragma once

#include <boost/json/object.hpp>

#include "client/wire.hpp"

namespace freebit {

/// Every value is a text in the form its member has; the voice options are confirmed and not empty; patterns
/// known to be refused are not sent.
///
/// errors    422 mobile.invalid_request with the call and the member in the detail, never the value
void check_outgoing(const CallSpec& call, const boost::json::object& request);

bool is_line_account(std::string_view text);   // 11 to 14 digits
bool is_group_account(std::string_view text);  // QUMB_00000000001
bool is_card_serial(std::string_view text);    // AX0000000000001

}  // namespace freebit
