// libFuzzer target: request framing against the oracle. Run: request_fuzz tests/fuzz/front/corpus -timeout=1
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/front/framing_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kernel::front::test::check_framing({reinterpret_cast<const char*>(data), size});
  return 0;
}
