// Replays the fuzz corpus through the oracle, so that every finding stays found in ordinary test runs.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "kernel/front/tests/framing_probes.hpp"
#include "tests/fuzz/front/framing_oracle.hpp"

using namespace kernel::front::test;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("every input of the corpus holds before the oracle") {
  std::size_t inputs = 0;
  for (const auto& entry : fs::directory_iterator(FRONT_CORPUS)) {
    INFO(entry.path().filename().string());
    CHECK_NOTHROW(check_framing(read(entry.path())));
    ++inputs;
  }
  CHECK(inputs >= probes().size());
}

TEST_CASE("the corpus holds each framing probe with a request behind it") {
  for (const Probe& probe : probes()) {
    INFO(probe.name);
    const fs::path file = fs::path(FRONT_CORPUS) / probe.name;
    const std::string seed = probe.bytes + kCanary;
    if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(file, std::ios::binary) << seed;
    CHECK(read(file) == seed);
  }
}

TEST_CASE("the corpus, changed a little in a thousand ways, holds before the oracle") {
  std::uint32_t state = 20240611;  // a fixed seed: the same thousand every time
  const auto next = [&](std::size_t below) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return static_cast<std::size_t>(state) % below;
  };
  static constexpr std::string_view kTokens[] = {"\r\n",
                                                 "\n",
                                                 "\r",
                                                 "\r\n\r\n",
                                                 " ",
                                                 ":",
                                                 "0\r\n\r\n",
                                                 "Content-Length: 1\r\n",
                                                 "Transfer-Encoding: chunked\r\n",
                                                 "ffffffff",
                                                 ";a=b",
                                                 "GET / HTTP/1.1\r\n"};
  std::vector<std::string> seeds;
  for (const Probe& probe : probes()) seeds.push_back(probe.bytes + kCanary);
  for (int i = 0; i < 1000; ++i) {
    std::string input = seeds[next(seeds.size())];
    const std::size_t changes = 1 + next(3);
    for (std::size_t change = 0; change < changes && !input.empty(); ++change) {
      const std::size_t at = next(input.size());
      switch (next(4)) {
        case 0:
          input[at] = static_cast<char>(next(256));
          break;
        case 1:
          input.erase(at, 1 + next(4));
          break;
        case 2:
          input.insert(at, kTokens[next(std::size(kTokens))]);
          break;
        case 3:
          input += seeds[next(seeds.size())].substr(0, next(64));
          break;
      }
    }
    INFO("round " << i);
    CHECK_NOTHROW(check_framing(input));
  }
}
