// Addresses as the host reads them: decoded, matched against patterns, never repaired.
#pragma once

#include <map>
#include <optional>
#include <portico/testkit/browser.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace portico::testkit {

/// The text with %XX decoded; nothing for a bad %XX or a control byte.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
/// Decoded segments; nothing for a path that does not decode or has a dot segment. "/" has none.
std::optional<std::vector<std::string>> path_segments(std::string_view path);
/// errors    Problem 400 http.malformed_query
std::vector<std::pair<std::string, std::string>> query_pairs(std::string_view query);

/// Segments of a pattern, parameters as "{name}"; nothing for a malformed one.
std::optional<std::vector<std::string>> pattern_segments(std::string_view pattern);
bool is_parameter(std::string_view segment);
/// The patterns match the same paths.
bool same_paths(const std::vector<std::string>& a, const std::vector<std::string>& b);
/// The parameters when the pattern matches.
std::optional<std::map<std::string, std::string>> match(const std::vector<std::string>& pattern,
                                                        const std::vector<std::string>& path);
/// Of two patterns that match one path, the one with the first fixed segment is asked.
bool is_closer(const std::vector<std::string>& a, const std::vector<std::string>& b);

/// A failure as the answer to a request.
Reply problem_reply(const Problem& problem);

}  // namespace portico::testkit
