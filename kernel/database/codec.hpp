// Between Value and PostgreSQL's binary wire form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/database/value.hpp"

namespace kernel::database {

using Oid = unsigned int;

/// One parameter as libpq wants it.
struct Encoded {
  Oid type = 0;  // 0: PostgreSQL takes the type from the place in the statement
  bool null = false;
  int format = 0;  // 0 text, 1 binary
  std::string bytes;
};

Encoded encode(const Value& value);

/// errors  500 database.type for a type without a Value form (the detail names it and says to cast)
Value decode(Oid type, std::string_view bytes, std::string_view column);

}  // namespace kernel::database
