// Replays the corpus of WHMCS replies, whole and changed a little, through the oracle.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/whmcs/reply_oracle.hpp"

using whmcs::test::check_reply;

namespace {

std::vector<std::string> corpus() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(WHMCS_CORPUS)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

}  // namespace

TEST_CASE("every reply of the corpus holds before the oracle") {
  const auto inputs = corpus();
  REQUIRE(inputs.size() >= 10);
  for (const auto& input : inputs) {
    INFO(input);
    CHECK_NOTHROW(check_reply(input));
  }
}

TEST_CASE("the corpus, changed a little in a few thousand ways, holds before the oracle") {
  const auto inputs = corpus();
  std::uint32_t state = 20250620;  // a fixed seed: the same ways every time
  const auto next = [&](std::size_t below) {
    state = state * 1664525 + 1013904223;
    return static_cast<std::size_t>(state >> 8) % below;
  };
  constexpr const char* kTokens[] = {"\"\"",
                                     "[]",
                                     "{}",
                                     "null",
                                     "0",
                                     "-1",
                                     "true",
                                     "\"0000-00-00\"",
                                     "\"1980.50\"",
                                     "&#0;",
                                     "&#x10FFFF;",
                                     "\\u0000",
                                     "99999999999999999999",
                                     "1e9",
                                     "\"9223372036854775808\"",
                                     "\xFF",
                                     "\"2025-02-30\"",
                                     "[[[[[[",
                                     ",",
                                     "\"a\":"};
  for (int round = 0; round < 4000; ++round) {
    auto input = inputs[next(inputs.size())];
    for (std::size_t edits = 1 + next(3); edits > 0 && input.size() > 2; --edits) {
      const auto at = 1 + next(input.size() - 1);
      switch (next(4)) {
        case 0:
          input[at] = static_cast<char>(next(256));
          break;
        case 1:
          input.erase(at, 1 + next(8));
          break;
        case 2:
          input.insert(at, kTokens[next(std::size(kTokens))]);
          break;
        default: {  // a whole value becomes another one
          const auto colon = input.find(':', at);
          if (colon == std::string::npos) break;
          const auto end = input.find_first_of(",}", colon);
          input.replace(colon + 1, (end == std::string::npos ? input.size() : end) - colon - 1,
                        kTokens[next(std::size(kTokens))]);
        }
      }
    }
    INFO("round " << round << ": " << input);
    REQUIRE_NOTHROW(check_reply(input));
  }
}
