// Percent-decoding of paths and queries; what is not plainly right is refused, never repaired.
#pragma once

#include <boost/container/small_vector.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kernel::front {

inline constexpr std::size_t kMaxQueryParameters = 100;

enum class Plus { literal, space };  // '+' in a path is itself, in a query a space

/// The text with %XX decoded; nothing for a bad %XX, a control byte (also %00), or what is no UTF-8.
std::optional<std::string> percent_decode(std::string_view encoded, Plus plus);

/// Is the encoded path one that may reach a router: begins with '/', decodes, and has no "." or ".." segment,
/// written out or encoded?
bool path_is_safe(std::string_view path);

/// The decoded segments between the slashes: "/a/b%2Fc/" is "a", "b/c", "". An encoded slash is data.
/// Nothing for a path that is not safe.
std::optional<std::vector<std::string>> path_segments(std::string_view path);

/// The same segments without a copy where nothing is encoded; views into the path then, which must outlive
/// them.
class PathSegments {
 public:
  PathSegments() = default;
  PathSegments(PathSegments&&) noexcept = default;  // a copy's views would stay with the original
  PathSegments& operator=(PathSegments&&) noexcept = default;

  /// Nothing for a path that is not safe.
  static std::optional<PathSegments> of(std::string_view path);

  std::size_t size() const noexcept { return views_.size(); }
  std::string_view operator[](std::size_t i) const noexcept { return views_[i]; }
  /// "/" has one segment, which is empty.
  bool is_root() const noexcept { return size() == 1 && views_.front().empty(); }
  /// The path they are of, decoded.
  std::string joined() const;

 private:
  boost::container::small_vector<std::string_view, 8> views_;
  std::vector<std::string> decoded_;  // what the views show where something was encoded
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// The pairs of a query or of a form body, in order; "a" is "a" with an empty value.
///
/// errors  Problem 400 http.malformed_query (bad %XX, control byte, no UTF-8, over 100 pairs)
Parameters parse_query(std::string_view query);

/// The first value of that name.
std::optional<std::string_view> find_parameter(const Parameters& parameters, std::string_view name) noexcept;

/// Well-formed UTF-8 without overlong forms and surrogates.
bool is_utf8(std::string_view text) noexcept;

}  // namespace kernel::front
