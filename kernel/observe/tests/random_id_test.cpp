// Correlation ids: made here, or taken from a caller only where harmless.
#include "kernel/observe/random_id.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace kernel::observe;

TEST_CASE("new ids are acceptable, of one length and all different") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_correlation_id();
    CHECK(id.size() == 26);
    CHECK(is_correlation_id(id));
    seen.insert(id);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("every symbol of the alphabet occurs") {
  std::set<char> seen;
  for (int i = 0; i < 1000; ++i) {
    for (char c : new_correlation_id()) seen.insert(c);
  }
  CHECK(seen.size() == 32);
}

TEST_CASE("a caller's id is taken only where it is 8 to 64 plain characters") {
  for (const std::string& good : {std::string("abcd1234"), std::string("A-b_9999"), std::string(64, 'x')}) {
    CHECK(correlation_id_for(good) == good);
  }
  for (const std::string& bad :
       {std::string(), std::string("short12"), std::string(65, 'x'), std::string("abcd 1234"),
        std::string("abcd1234\n"), std::string("abcd\r\nX: y"), std::string("日本語日本語"),
        std::string("abcd1234\"")}) {
    CHECK(correlation_id_for(bad) != bad);
    CHECK(is_correlation_id(correlation_id_for(bad)));
  }
}
