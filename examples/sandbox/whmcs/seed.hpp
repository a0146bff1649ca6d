// The sample customers the sandbox starts with.
#pragma once

#include <string_view>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/whmcs/books.hpp"

namespace sandbox::whmcs {

/// The password of every sample user.
inline constexpr std::string_view kSamplePassword = "sample-Pass-2468";

/// Fresh books: the same records every time, dated relative to the clock's today.
Books seed_books(const Clock& clock);

}  // namespace sandbox::whmcs
