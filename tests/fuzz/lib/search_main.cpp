// The libFuzzer entry of every target: what an oracle throws ends the process, and libFuzzer keeps the input.
#include "tests/fuzz/lib/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
