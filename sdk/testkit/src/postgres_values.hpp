// Cells and parameters between the ABI's kinds and PostgreSQL's binary form.
#pragma once

#include <libpq-fe.h>

#include <portico/testkit/database.hpp>
#include <string>
#include <string_view>

namespace portico::testkit {

struct WireParameter {
  Oid type = 0;
  bool null = true;
  int format = 0;  // 1: binary
  std::string bytes;
};

/// errors    Problem 500 database.type
WireParameter to_wire(const Value& value);
/// errors    Problem 500 database.type for a type that has no form in portico.database/1
Value from_wire(Oid type, std::string_view bytes, std::string_view column);

}  // namespace portico::testkit
