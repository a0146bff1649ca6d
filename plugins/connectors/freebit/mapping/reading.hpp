// What the enabler tells about a line, in the contract's words.
#pragma once

#include <portico/contracts/mobile.hpp>

#include "client/fields.hpp"
#include "mapping/calendar.hpp"

namespace freebit {

/// The line of this account from a reply of PA03-02. Values that break the contract's own rules are left out.
/// errors: BadReply; nothing where the reply has no such account
std::optional<portico::mobile::Line> line_from(const Fields& reply, std::string_view account, Seconds now);

/// From PA05-01: the i-th recent day is the one i + 1 days ago.
portico::mobile::Usage usage_from(const Fields& reply, Seconds now);

/// From PA05-02. Rows without a date are left out.
portico::mobile::TopUpList history_from(const Fields& reply, Seconds now);

}  // namespace freebit
