// The route tree as rules: which pattern a path finds, and which patterns cannot stand together.
#include "kernel/policy/route_tree.hpp"

#include <catch2/catch.hpp>

using namespace kernel::policy;

namespace {

using Tree = RouteTree<std::string>;
using Segments = std::vector<std::string>;

/// "pattern name=value …" of what the path finds; empty for nothing.
std::string found(const Tree& tree, const Segments& segments) {
  const auto hit = tree.find(segments);
  if (!hit) return "";
  auto out = *hit->value;
  for (const auto& [name, value] : hit->parameters) out += " " + std::string(name) + "=" + value;
  return out;
}

Tree tree_of(const std::vector<std::string>& patterns) {
  Tree tree;
  for (const auto& pattern : patterns) {
    auto* value = tree.insert(pattern);
    REQUIRE(value);
    *value = pattern;
  }
  return tree;
}

}  // namespace

TEST_CASE("a path finds its pattern; a fixed segment is tried before a parameter") {
  const auto tree = tree_of({"/", "/a", "/a/{id}", "/a/new", "/a/{id}/b", "/a/new/{x}/c", "/{any}/b", "/t/"});
  struct Row {
    const char* rule;
    Segments path;
    const char* found;
  };
  for (const Row& row : {
           Row{"the root", {}, "/"},
           Row{"a fixed path", {"a"}, "/a"},
           Row{"a parameter", {"a", "7"}, "/a/{id} id=7"},
           Row{"fixed before parameter", {"a", "new"}, "/a/new"},
           Row{"back to the parameter where the fixed one leads nowhere",
               {"a", "new", "b"},
               "/a/{id}/b id=new"},
           Row{"deep below the fixed one", {"a", "new", "z", "c"}, "/a/new/{x}/c x=z"},
           Row{"a parameter first", {"z", "b"}, "/{any}/b any=z"},
           Row{"back up to the first segment", {"a", "b"}, "/a/{id} id=b"},
           Row{"a value like a pattern", {"a", "{id}"}, "/a/{id} id={id}"},
           Row{"a slash inside of a segment is data", {"a", "x/b"}, "/a/{id} id=x/b"},
           Row{"a parameter is never empty", {"a", ""}, ""},
           Row{"the registered trailing slash", {"t", ""}, "/t/"},
           Row{"without it", {"t"}, ""},
           Row{"another case", {"A"}, ""},
           Row{"too short", {"a", "new", "z"}, ""},
           Row{"too long", {"a", "7", "b", "c"}, ""},
           Row{"nothing like it", {"q"}, ""},
       }) {
    INFO(row.rule);
    CHECK(found(tree, row.path) == row.found);
  }
}

TEST_CASE("parameters come in the order of the pattern, under its names") {
  const auto tree = tree_of({"/a/{x}/b/{y}", "/a/{z}/c"});
  CHECK(found(tree, {"a", "1", "b", "2"}) == "/a/{x}/b/{y} x=1 y=2");
  CHECK(found(tree, {"a", "1", "c"}) == "/a/{z}/c z=1");
}

TEST_CASE("the same pattern is one place, the same path under other names is refused") {
  Tree tree;
  auto* first = tree.insert("/a/{id}");
  REQUIRE(first);
  CHECK(tree.insert("/a/{id}") == first);
  CHECK(tree.insert("/a/{number}") == nullptr);
  CHECK(tree.insert("/a/{number}/b") != nullptr);
  CHECK(tree.values().size() == 2);
}

TEST_CASE("a malformed pattern is refused and leaves nothing behind") {
  for (const char* pattern : {"", "a", "a/b", "/a{id}", "/{id}a", "/{}", "/{a}{b}", "/a/*", "/{", "/}"}) {
    INFO(pattern);
    Tree tree;
    CHECK(tree.insert(pattern) == nullptr);
    CHECK(tree.values().empty());
  }
}

TEST_CASE("every value is listed once, in the order of the paths") {
  const auto tree = tree_of({"/b", "/a/{id}", "/", "/a/c"});
  std::string all;
  for (const auto* value : tree.values()) all += *value + " ";
  CHECK(all == "/ /a/c /a/{id} /b ");
}
