// Who asks, who waits, and that nobody waits for ever.
#include "kernel/policy/gathering.hpp"

#include <catch2/catch.hpp>

using kernel::policy::Gathering;

TEST_CASE("the first asks, the others go on once when it has ended") {
  Gathering gathering;
  int went_on = 0;
  const auto go_on = [&] { ++went_on; };
  CHECK_FALSE(gathering.wait("a", go_on));
  CHECK(gathering.wait("a", go_on));
  CHECK(gathering.wait("a", go_on));
  CHECK(went_on == 0);
  for (const auto& one : gathering.end("a")) one();
  CHECK(went_on == 2);
  CHECK(gathering.end("a").empty());
}

TEST_CASE("another question is asked by itself, and the same one anew after its end") {
  Gathering gathering;
  CHECK_FALSE(gathering.wait("a", [] {}));
  CHECK_FALSE(gathering.wait("b", [] {}));
  CHECK(gathering.end("a").empty());
  CHECK_FALSE(gathering.wait("a", [] {}));
  CHECK(gathering.wait("b", [] {}));
}

TEST_CASE("who goes on may ask again at once") {
  Gathering gathering;
  bool leads = false;
  CHECK_FALSE(gathering.wait("a", [] {}));
  CHECK(gathering.wait("a", [&] { leads = !gathering.wait("a", [] {}); }));
  for (const auto& one : gathering.end("a")) one();
  CHECK(leads);
}
