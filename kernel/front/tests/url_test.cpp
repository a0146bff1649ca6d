// Paths and queries: what decodes, what is refused.
#include "kernel/front/url.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

using namespace kernel::front;

TEST_CASE("a path decodes into its segments") {
  struct Row {
    std::string path;
    std::vector<std::string> segments;
  };
  const std::vector<Row> rows = {
      {"/", {""}},
      {"/a", {"a"}},
      {"/a/b/", {"a", "b", ""}},
      {"/a//b", {"a", "", "b"}},
      {"/a%2Fb/c", {"a/b", "c"}},
      {"/%E6%9D%B1%E4%BA%AC", {"\xe6\x9d\xb1\xe4\xba\xac"}},
      {"/a+b", {"a+b"}},
      {"/...", {"..."}},
      {"/.well-known/x", {".well-known", "x"}},
  };
  for (const Row& row : rows) {
    INFO(row.path);
    CHECK(path_segments(row.path) == row.segments);
    CHECK(path_is_safe(row.path));
  }
}

TEST_CASE("a path that could mean two things is refused") {
  for (const std::string path :
       {"", "a", "/..", "/.", "/a/./b", "/a/%2e", "/%2E%2e/a", "/a/.%2e/", "/%", "/%0", "/%zz", "/%00",
        "/%0d%0aX", "/%7f", "/%ff", "/%c0%af", "/%ed%a0%80", "/%f5%80%80%80", "/%e6%9d"}) {
    INFO(path);
    CHECK_FALSE(path_is_safe(path));
    CHECK_FALSE(path_segments(path).has_value());
  }
}

TEST_CASE("a query decodes into pairs in order") {
  CHECK(parse_query("").empty());
  CHECK(parse_query("a=1&b=x+y&a=%26&c&=d&&e=f=g") ==
        Parameters{{"a", "1"}, {"b", "x y"}, {"a", "&"}, {"c", ""}, {"", "d"}, {"e", "f=g"}});
  CHECK(find_parameter(parse_query("a=1&a=2"), "a") == "1");
  CHECK_FALSE(find_parameter(parse_query("a=1"), "b"));
}

TEST_CASE("a query that does not decode is a problem of the client") {
  std::string many = "a=1";
  for (std::size_t i = 0; i < kMaxQueryParameters; ++i) many += "&a=1";
  for (const std::string& query : {std::string("a=%0"), std::string("a=%00"), std::string("%ff=1"), many}) {
    try {
      parse_query(query);
      FAIL("accepted: " << query);
    } catch (const portico::Problem& problem) {
      CHECK(problem.status == 400);
      CHECK(problem.code == "http.malformed_query");
    }
  }
}

TEST_CASE("segments without copies are those with copies") {
  for (const std::string path : {"/", "/a", "/a/", "/a/b/c", "//", "/a//b", "/a%2Fb/c", "/%e3%81%82/x",
                                 "/.well-known/y", "/a/./b", "/../a", "/%2e%2e/a", "/a%00", "/a%", "a", "",
                                 "*", "/a b", "/one/two/three/four/five/six/seven/eight/nine/ten"}) {
    CAPTURE(path);
    const auto copied = path_segments(path);
    const auto viewed = PathSegments::of(path);
    REQUIRE(viewed.has_value() == copied.has_value());
    if (!copied) continue;
    REQUIRE(viewed->size() == copied->size());
    std::string joined;
    for (std::size_t i = 0; i < copied->size(); ++i) {
      CHECK((*viewed)[i] == (*copied)[i]);
      joined += "/" + (*copied)[i];
    }
    CHECK(viewed->joined() == joined);
    CHECK(viewed->is_root() == (path == "/"));
  }
}
