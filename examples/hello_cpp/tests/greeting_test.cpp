// Tests of the greeting.
#include "greeting.hpp"

#include <catch2/catch.hpp>

TEST_CASE("somebody is greeted by name") {
  CHECK(hello_cpp::greet("Ada").message == "Hello, Ada");
}

TEST_CASE("a name that is too long is refused with a code") {
  try {
    hello_cpp::greet(std::string(101, 'a'));
    FAIL("it was greeted");
  } catch (const portico::Problem& problem) {
    CHECK(problem.status == 422);
    CHECK(problem.code == "hello_cpp.name_too_long");
  }
}
