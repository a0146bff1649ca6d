// Cookies of a request, read strictly (RFC 6265 4.1.1).
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/front/message.hpp"

namespace kernel::front {

inline constexpr std::size_t kMaxCookies = 64;  // what comes after them is not looked at

/// Name and value views into the request, in order. A pair that breaks the grammar is left out: it may be
/// another program's on the same host, and guessing at it helps nobody.
std::vector<std::pair<std::string_view, std::string_view>> parse_cookies(const Headers& headers);

/// The value of that name (names are case-sensitive). Nothing when absent, and nothing when two different
/// values claim the name: then one of them was planted.
std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name);

}  // namespace kernel::front
