// The greeting itself.
#include "greeting.hpp"

#include <fmt/format.h>

namespace hello_cpp {

Greeting greet(std::string_view name) {
  if (name.size() > 100)
    throw portico::Problem(422, "hello_cpp.name_too_long",
                           "a name of " + std::to_string(name.size()) + " bytes");
  return {fmt::format("Hello, {}", name)};
}

}  // namespace hello_cpp
