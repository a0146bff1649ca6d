// What is kept beside an entry's value.
#include "kernel/cache/entry.hpp"

#include <catch2/catch.hpp>

using kernel::cache::Entry;

TEST_CASE("another form of a value is made once and shared by those who ask again") {
  Entry entry;
  entry.value = "seven";
  int made = 0;
  const auto ask = [&] {
    return entry.derived<std::size_t>([&](const std::string& value) {
      ++made;
      return std::make_shared<const std::size_t>(value.size());
    });
  };
  const auto first = ask();
  CHECK(*first == 5);
  CHECK(ask() == first);
  CHECK(made == 1);
}

TEST_CASE("a form that could not be made is tried again") {
  Entry entry;
  const auto none = [](const std::string&) { return std::shared_ptr<const int>(); };
  CHECK_FALSE(entry.derived<int>(none));
  CHECK(entry.derived<int>([](const std::string&) { return std::make_shared<const int>(1); }));
}
