// "Did you mean …": the nearest known word to an unknown one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kernel::config {

/// The known word with the fewest edits, if they are at most a third of its length; else empty.
std::string nearest(std::string_view unknown, const std::vector<std::string>& known);

}  // namespace kernel::config
