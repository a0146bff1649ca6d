// A cached answer leaves the reactor with a bounded, small number of allocations.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "kernel/commands/host.hpp"
#include "kernel/front/tests/raw_client.hpp"
#include "kernel/observe/log.hpp"
#include "tests/bench/allocations/counting.hpp"

namespace {

using namespace kernel;
using front::test::RawClient;

// What a cached answer may take from the heap. Seen: 7 and 8 blocks, 1.4 KB, which are the call, its path
// and correlation id, the keys of the cache and (signed in) of the credential, the key of the rate, and the
// lines of headers. Nothing for each header that came or goes, and no
// copy of the body.
constexpr double kBlocksOfPublicHit = 8;
constexpr double kBlocksOfSignedInHit = 9;
constexpr double kBytesOfHit = 2 * 1024;

/// The bench plugin in a host of this process: one reactor, everybody with the cookie is signed in.
class OneReactor {
 public:
  OneReactor()
      : source_({}, config::Environment({}), overrides()),
        settings_(config::Settings::read(source_)),
        host_(settings_, source_) {
    observe::set_output(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    host_.start_plugins();
    host_.listen();
  }
  std::uint16_t port() const { return host_.port(); }

 private:
  static std::map<std::string, std::string> overrides() {
    const char* redis = std::getenv("PORTICO_TEST_REDIS_URL");
    if (redis == nullptr) throw std::runtime_error("PORTICO_TEST_REDIS_URL is not set");
    return {{"http.port", "0"},
            {"http.reactors", "1"},
            {"redis.url", redis},
            {"database.url", "postgresql://nobody@127.0.0.1:1/nothing"},
            {"security.seal_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
            {"plugins.path", BENCH_PLUGINS},
            {"plugins.bench1.enabled", "true"},
            {"plugins.bench1.cookie", "access"},
            {"rate.public", "1000000/1s per address"},
            {"rate.read", "1000000/1s per user"}};
  }
  config::Source source_;
  config::Settings settings_;
  commands::Host host_;
};

struct PerRequest {
  double blocks, bytes;
};

/// Per request, over many that are answered from the cache, with the headers a browser sends.
PerRequest taken_per_request(const std::string& path) {
  constexpr int kWarm = 50, kCounted = 400;
  OneReactor host;
  RawClient client(host.port());
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nCookie: access_" +
                              std::to_string(host.port()) +
                              "=01234567-89ab-cdef-0123-456789abcdef\r\nAccept: application/json\r\n"
                              "Accept-Language: en-GB,en;q=0.8\r\nUser-Agent: a browser\r\n\r\n";
  const auto get = [&] { return client.ask(request); };
  for (int i = 0; i < kWarm; ++i) REQUIRE(get().status == 200);
  CHECK(get().has("Portico-Cache: hit"));
  const auto before = bench::take_census();
  for (int i = 0; i < kCounted; ++i) REQUIRE(get().status == 200);
  const auto taken = bench::busiest_other(before, bench::take_census());
  CHECK(get().has("Portico-Cache: hit"));
  REQUIRE(taken.blocks > 0);
  return {static_cast<double>(taken.blocks) / kCounted, static_cast<double>(taken.bytes) / kCounted};
}

}  // namespace

TEST_CASE("a public answer out of the cache takes few blocks from the heap") {
  const auto taken = taken_per_request("/api/bench1/public");
  CAPTURE(taken.blocks, taken.bytes);
  CHECK(taken.blocks <= kBlocksOfPublicHit);
  CHECK(taken.bytes <= kBytesOfHit);
}

TEST_CASE("a signed-in caller's answer out of the cache takes few blocks from the heap") {
  const auto taken = taken_per_request("/api/bench1/mine");
  CAPTURE(taken.blocks, taken.bytes);
  CHECK(taken.blocks <= kBlocksOfSignedInHit);
  CHECK(taken.bytes <= kBytesOfHit);
}
