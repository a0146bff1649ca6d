// What hostile input may cost in memory: each parser's peak stays within a hundred times the bytes it was
// given.
#include <malloc.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <portico/contracts/billing.hpp>

#include "client/reply.hpp"
#include "domain/access_token.hpp"
#include "kernel/front/cookies.hpp"
#include "kernel/front/tests/transcript.hpp"
#include "kernel/front/url.hpp"
#include "kernel/loader/manifest.hpp"

namespace {

std::size_t in_use = 0;  // bytes; the parsers run on this thread alone
std::size_t peak = 0;

void* take(std::size_t size) {
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  in_use += ::malloc_usable_size(block);
  peak = std::max(peak, in_use);
  return block;
}

void give_back(void* block) noexcept {
  if (block != nullptr) in_use -= std::min(in_use, ::malloc_usable_size(block));
  std::free(block);
}

constexpr std::size_t kMost = 100;               // times the bytes of the input
constexpr std::size_t kLargestForAll = 1 << 20;  // bytes; more than a body or a manifest may have

/// The largest number of bytes in use at a time while it ran, beyond those before.
template <class F>
std::size_t peak_of(F&& parse) {
  const std::size_t before = peak = in_use;
  parse();
  return peak - before;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  text.reserve(part.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

/// begin, then `times` numbered pieces between commas, then end.
template <class Piece>
std::string listed(std::string_view begin, std::size_t times, Piece piece, std::string_view end) {
  std::string text(begin);
  for (std::size_t i = 0; i < times; ++i) (text += i == 0 ? "" : ",") += piece(i);
  return text += end;
}

std::string number_key(std::size_t i) {
  return "\"k" + std::to_string(i) + "\":0";
}

/// Keys of one length, one sum and one product: what a weak hash takes for the same.
std::string shuffled_key(std::size_t i) {
  std::string key = "aaaaaaaabbbbbbbb";
  for (std::size_t bit = 0; bit < 8; ++bit) {
    if ((i >> bit & 1) != 0) std::swap(key[bit], key[15 - bit]);
  }
  for (std::size_t bit = 0; bit < 8; ++bit) (key += (i >> (8 + bit) & 1) != 0 ? "cd" : "dc");
  return '"' + key + "\":0";
}

template <class F>
bool is_refused(F&& parse) {
  try {
    parse();
    return false;
  } catch (const portico::Problem&) {
    return true;
  }
}

}  // namespace

void* operator new(std::size_t size) {
  return take(size);
}
void* operator new[](std::size_t size) {
  return take(size);
}
// The library's own would come here by itself; a sanitizer's does not.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept try {
  return take(size);
} catch (const std::bad_alloc&) {
  return nullptr;
}
void operator delete(void* block) noexcept {
  give_back(block);
}
void operator delete[](void* block) noexcept {
  give_back(block);
}
void operator delete(void* block, std::size_t) noexcept {
  give_back(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  give_back(block);
}

TEST_CASE("the meter sees what is in use at a time, not what was used in all") {
  const auto one = peak_of([] { const std::string text(1 << 20, 'x'); });
  CHECK(one >= 1 << 20);
  CHECK(one < 2 << 20);
  CHECK(peak_of([] {
          for (int i = 0; i < 10; ++i) const std::string text(1 << 20, 'x');
        }) < 2 << 20);
}

TEST_CASE("JSON costs at most a hundred times its bytes") {
  struct Row {
    std::string rule;
    std::string text;
    bool refused;
  };
  const std::vector<Row> rows = {
      {"lists, 100,000 deep", repeated("[", 100'000) + repeated("]", 100'000), true},
      {"objects, 100,000 deep", repeated("{\"a\":", 100'000) + "0" + repeated("}", 100'000), true},
      {"a million keys", listed("{", 1'000'000, number_key, "}"), false},
      {"100,000 keys", listed("{", 100'000, number_key, "}"), false},
      {"100,000 times one key", "{" + repeated("\"\":0,", 99'999) + "\"\":0}", true},
      {"keys made to look alike", listed("{", 65'536, shuffled_key, "}"), false},
      {"a million numbers", "[" + repeated("0,", 999'999) + "0]", false},
      {"300,000 empty objects", "[" + repeated("{},", 299'999) + "{}]", false},
      {"300,000 one-letter texts", "[" + repeated("\"a\",", 299'999) + "\"a\"]", false},
      {"100,000 objects of one key", "[" + repeated("{\"a\":0},", 99'999) + "{}]", false},
      {"a number of a megabyte", repeated("1", 1 << 20), true},
      {"a fraction of a megabyte", "0." + repeated("0", 1 << 20) + "1", false},
      {"an exponent of a megabyte", "1e" + repeated("9", 1 << 20), true},
      {"a text of a megabyte", '"' + repeated("\\u0041", 1 << 18) + '"', false},
      {"a key of a megabyte", "{\"" + repeated("k", 1 << 20) + "\":0}", false},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    bool refused = false;
    const auto cost = peak_of([&] { refused = is_refused([&] { portico::parse_json(row.text); }); });
    CHECK(refused == row.refused);
    CHECK(cost <= kMost * row.text.size());
    if (row.text.size() > kLargestForAll) continue;
    CHECK(peak_of([&] { is_refused([&] { portico::decode_text<portico::billing::Invoice>(row.text); }); }) <=
          kMost * row.text.size());
    CHECK(peak_of([&] { is_refused([&] { kernel::loader::Manifest::parse(row.text); }); }) <=
          kMost * row.text.size());
    CHECK(peak_of([&] { is_refused([&] { whmcs::read_reply(200, row.text); }); }) <= kMost * row.text.size());
  }
}

TEST_CASE("a request costs at most a hundred times its bytes") {
  using kernel::front::Refusal;
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  struct Row {
    std::string rule;
    std::string bytes;
    std::optional<Refusal> refusal;
  };
  const std::vector<Row> rows = {
      {"10,000 fields", head + repeated("A:1\r\n", 10'000) + "\r\n", Refusal::headers_too_large},
      {"64 fields", head + repeated("A:\r\n", 63) + "\r\n", std::nullopt},
      {"100 cookies of 8 KB", head + repeated("Cookie: a=" + std::string(8'000, 'c') + "\r\n", 100) + "\r\n",
       Refusal::headers_too_large},
      {"a body in single bytes", chunked + repeated("1\r\na\r\n", 10'000) + "0\r\n\r\n", std::nullopt},
      {"a body of extensions", chunked + repeated("1;a=b\r\na\r\n", 10'000) + "0\r\n\r\n",
       Refusal::malformed_chunk},
      {"a length without a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999\r\n\r\n",
       Refusal::body_too_large},
      {"a chunk without its data", chunked + "ffffffffffffffff\r\n", Refusal::body_too_large},
      {"a line of a megabyte", "GET /" + std::string(1 << 20, 'a'), Refusal::target_too_long},
      {"a field of a megabyte", head + "A: " + std::string(1 << 20, 'a'), Refusal::headers_too_large},
      {"100 requests", repeated("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 100), std::nullopt},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    kernel::front::test::Transcript transcript;
    // In one piece, as the wire may bring it; the transcript itself is part of the cost.
    const auto cost = peak_of([&] { transcript = kernel::front::test::run(row.bytes, {}, false); });
    CHECK(transcript.refusal == row.refusal);
    CHECK(cost <= kMost * row.bytes.size());
  }
}

TEST_CASE("a length that is only claimed costs no more than a small buffer") {
  const kernel::front::Limits limits;
  const kernel::front::BodyLimit generous = [](const kernel::front::Head&) { return std::uint64_t{1} << 40; };
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n";
  CHECK(peak_of([&] { kernel::front::test::run(head, {}, false, limits, generous); }) <= 80 * 1024);
}

TEST_CASE("escapes, segments and parameters cost at most a hundred times their bytes, and are decoded once") {
  using namespace kernel::front;
  const std::string chain = "%" + repeated("25", 1'300) + "00";
  const auto decoded = percent_decode(chain, Plus::literal);
  REQUIRE(decoded);
  CHECK(*decoded == "%" + repeated("25", 1'299) + "00");
  const std::vector<std::string> inputs = {chain,
                                           repeated("%2e", 1'300),
                                           repeated("/", 4'096),
                                           repeated("/a", 2'049),
                                           "/" + repeated("%61", 1'300),
                                           repeated("&", 8'192),
                                           repeated("a&", 4'096),
                                           repeated("a=%41&", 100)};
  for (const std::string& input : inputs) {
    INFO(input.substr(0, 40));
    CHECK(peak_of([&] { path_segments(input); }) <= kMost * input.size());
    CHECK(peak_of([&] { is_refused([&] { parse_query(input); }); }) <= kMost * input.size());
  }
}

TEST_CASE("cookies cost at most a hundred times their bytes") {
  kernel::front::Headers headers;
  std::size_t bytes = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string field = repeated("a=b;", 2'000);
    headers.add("Cookie", field);
    bytes += field.size();
  }
  std::size_t found = 0;
  CHECK(peak_of([&] { found = kernel::front::parse_cookies(headers).size(); }) <= kMost * bytes);
  CHECK(found == kernel::front::kMaxCookies);
}

TEST_CASE("a token above its limit costs nothing") {
  const auth::AccessTokens tokens("http://localhost", std::string(32, 's'), "");
  const std::string large = repeated("eyJhIjoxfQ.", 100'000);
  CHECK(peak_of([&] { tokens.verify(large, portico::Time{}); }) < 1024);
  const std::string largest = repeated("e30", 600) + ".e30.e30";
  CHECK(peak_of([&] { tokens.verify(largest, portico::Time{}); }) <= kMost * largest.size());
}
