// Reading what a request asks for: the target of a hand-off, the status of a list.
#pragma once

#include <portico/contracts/billing.hpp>
#include <string_view>

#include "domain/hand_off_rules.hpp"

namespace billing {

/// The target in a JSON body or a form body ("target=pay"); view when there is no body or no target.
/// errors    400 request.malformed_json; 415 request.unsupported_media_type; 422 request.invalid
Target target_of(std::string_view content_type, std::string_view body);

/// errors    422 request.invalid with pointer "?status"; drafts are not offered
portico::billing::InvoiceStatus status_filter(std::string_view name);

}  // namespace billing
