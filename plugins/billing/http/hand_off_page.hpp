// The pages a plain form post gets: "you are leaving for …", and what went wrong instead.
#pragma once

#include <portico/contracts/billing.hpp>
#include <portico/problem.hpp>
#include <string>
#include <string_view>

namespace billing {

/// Text safe inside HTML text and double-quoted attributes.
std::string escape_html(std::string_view text);

/// Names the site and goes on to it: at once where the browser follows a refresh, by a link where not. No
/// script and no inline style, so that it stands under the portal's content security policy. errors    502
/// upstream.bad_reply for a link that is no plain http(s) address
std::string hand_off_page(std::string_view language, const portico::billing::PaymentLink& link);

/// What happened and what to do now, with the way back to the invoice (to the list, for an id that is none).
std::string problem_page(std::string_view language, const portico::Problem& problem,
                         std::string_view invoice_id, std::string_view correlation_id);

/// The one style sheet of both.
std::string_view hand_off_style();

inline constexpr std::string_view kStylePath = "/api/billing/hand-off.css";

}  // namespace billing
