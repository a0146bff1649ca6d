// The lists of common passwords and words that are built into the plugin.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace auth {

/// Folded, without separators; all of at least the shortest length allowed.
const std::unordered_set<std::string_view>& common_passwords();

/// Words that short passwords are made of ("password", "dragon"), folded.
const std::unordered_set<std::string_view>& common_words();

}  // namespace auth
