// What this plugin says: plain C++ that knows no host, so that its tests need none.
#pragma once

#include <portico/contract.hpp>
#include <string>
#include <string_view>

namespace hello_cpp {

struct Greeting {
  std::string message;
};
BOOST_DESCRIBE_STRUCT(Greeting, (), (message))

/// errors    422 hello_cpp.name_too_long, over 100 bytes
Greeting greet(std::string_view name);

}  // namespace hello_cpp
