// The functions behind each extension of the validator's host.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace kernel::validator {

struct FakeTable {
  const void* table = nullptr;
  std::uint32_t size = 0;  // bytes
};

/// By extension id. Every function of every table is there.
const std::map<std::string, FakeTable>& fake_tables();

}  // namespace kernel::validator
