// Finds the entry of a path: a tree over segments where a parameter fills one whole segment.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kernel::policy {

/// Path parameters in the order of the pattern.
using PathParameters = std::vector<std::pair<std::string_view, std::string>>;

/// A fixed segment is tried before a parameter.
template <class T>
class RouteTree {
 public:
  struct Found {
    T* value;
    PathParameters parameters;
  };

  /// The value of that pattern, made if it is new. Empty for a malformed pattern: "/a/{id}" is right,
  /// "/a{id}" is not.
  T* insert(std::string_view pattern) {
    if (pattern.empty() || pattern[0] != '/') return nullptr;
    Node* node = &root_;
    std::vector<std::string> names;
    for (const auto& segment : split(pattern)) {
      if (segment.size() > 2 && segment.front() == '{' &&
          segment.find_first_of("{}*", 1) == segment.size() - 1 && segment.back() == '}') {
        names.push_back(segment.substr(1, segment.size() - 2));
        if (!node->parameter) node->parameter = std::make_unique<Node>();
        node = node->parameter.get();
      } else if (segment.find_first_of("{}*") != std::string::npos) {
        return nullptr;
      } else {
        auto& child = node->fixed[segment];
        if (!child) child = std::make_unique<Node>();
        node = child.get();
      }
    }
    if (!node->value) {
      node->value = std::make_unique<T>();
      node->names = std::move(names);
    } else if (node->names != names) {
      return nullptr;  // the same path with other names
    }
    return node->value.get();
  }

  /// segments: decoded, strings or views of them.
  template <class Segments>
  std::optional<Found> find(const Segments& segments) const {
    std::vector<std::string_view> values;
    const auto* node = descend(root_, segments, 0, values);
    if (!node) return std::nullopt;
    Found found{node->value.get(), {}};
    for (std::size_t i = 0; i < values.size(); ++i) found.parameters.emplace_back(node->names[i], values[i]);
    return found;
  }

  /// Every value, in the order of the paths.
  std::vector<const T*> values() const {
    std::vector<const T*> all;
    collect(root_, all);
    return all;
  }

  static std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> segments;
    for (std::size_t at = 1; at <= path.size();) {
      const auto slash = std::min(path.find('/', at), path.size());
      segments.emplace_back(path.substr(at, slash - at));
      at = slash + 1;
    }
    if (segments.size() == 1 && segments[0].empty()) segments.clear();
    return segments;
  }

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
    std::unique_ptr<Node> parameter;
    std::unique_ptr<T> value;
    std::vector<std::string> names;
  };

  static void collect(const Node& node, std::vector<const T*>& all) {
    if (node.value) all.push_back(node.value.get());
    for (const auto& [segment, child] : node.fixed) collect(*child, all);
    if (node.parameter) collect(*node.parameter, all);
  }

  template <class Segments>
  static const Node* descend(const Node& node, const Segments& segments, std::size_t at,
                             std::vector<std::string_view>& values) {
    if (at == segments.size()) return node.value ? &node : nullptr;
    const std::string_view segment = segments[at];
    if (const auto it = node.fixed.find(segment); it != node.fixed.end())
      if (const auto* found = descend(*it->second, segments, at + 1, values)) return found;
    if (!node.parameter || segment.empty()) return nullptr;
    values.push_back(segment);
    if (const auto* found = descend(*node.parameter, segments, at + 1, values)) return found;
    values.pop_back();
    return nullptr;
  }

  Node root_;
};

}  // namespace kernel::policy
