// libFuzzer target: WHMCS replies against the oracle. Run: whmcs_reply_fuzz tests/fuzz/whmcs/corpus
// -timeout=1
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/whmcs/reply_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  whmcs::test::check_reply({reinterpret_cast<const char*>(data), size});
  return 0;
}
