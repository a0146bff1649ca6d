// What must hold for any bytes that come as a WHMCS reply.
#pragma once

#include <string_view>

namespace whmcs::test {

/// First byte: which status; the rest: the body. Reads it as every mapping does.
/// errors    std::logic_error when a promise of the readers is broken
void check_reply(std::string_view input);

}  // namespace whmcs::test
