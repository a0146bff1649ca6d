// The seal as rules: what was sealed opens under its key in its context, unchanged, or not at all.
#include "kernel/extensions/seal.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <portico/problem.hpp>
#include <set>

using namespace kernel::extensions;

namespace {

// base64 of 32 times one letter
const std::string kOne = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";
const std::string kTwo = "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";

constexpr std::size_t kAround = 2 + 4 + 12 + 16;  // mark, key id, nonce, tag

std::string refusal(const Seal& seal, std::string_view sealed, std::string_view context = "mail") {
  try {
    seal.open(sealed, context);
  } catch (const portico::Problem& problem) {
    CHECK(problem.status == 500);
    return problem.code;
  }
  return "";
}

}  // namespace

TEST_CASE("what was sealed opens to the same bytes") {
  const Seal seal(kOne);
  for (const std::string& text : {std::string(), std::string("a"), std::string("日本 \0 \xff", 10),
                                  std::string(15, 'x'), std::string(16, 'x'), std::string(100'000, 'x')}) {
    INFO(text.size());
    const auto sealed = seal.seal(text, "mail");
    CHECK(sealed.size() == text.size() + kAround);
    CHECK(seal.open(sealed, "mail") == text);
  }
  CHECK(seal.open(seal.seal("x", ""), "") == "x");
}

TEST_CASE("the same text is never sealed to the same bytes twice, and does not show") {
  const Seal seal(kOne);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto sealed = seal.seal("the quick brown fox", "mail");
    CHECK(sealed.find("quick") == std::string::npos);
    seen.insert(sealed);
  }
  CHECK(seen.size() == 100);
}

TEST_CASE("a flipped bit at any place is noticed") {
  const Seal seal(kOne);
  const auto sealed = seal.seal("some words", "mail");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    auto changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    INFO("bit " << bit % 8 << " of byte " << bit / 8);
    CHECK(refusal(seal, changed) == "crypto.cannot_open");
  }
}

TEST_CASE("a value cut or grown at any place is noticed") {
  const Seal seal(kOne);
  const auto sealed = seal.seal("some words", "mail");
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    INFO(size);
    CHECK(refusal(seal, sealed.substr(0, size)) == "crypto.cannot_open");
    CHECK(refusal(seal, sealed.substr(size + 1)) == "crypto.cannot_open");
  }
  CHECK(refusal(seal, sealed + '\0') == "crypto.cannot_open");
}

TEST_CASE("a value opens only for the purpose it was sealed for") {
  const Seal seal(kOne);
  const auto sealed = seal.seal("some words", "mail");
  for (const char* context : {"", "mai", "mail ", "Mail", "plugin:auth"}) {
    INFO(context);
    CHECK(refusal(seal, sealed, context) == "crypto.cannot_open");
  }
}

TEST_CASE("another key opens nothing, an old one only opens") {
  const Seal one(kOne), two(kTwo), both(kTwo, {kOne});
  const auto sealed = one.seal("some words", "mail");
  CHECK(refusal(two, sealed) == "crypto.cannot_open");
  CHECK(both.open(sealed, "mail") == "some words");
  const auto renewed = both.seal("some words", "mail");
  CHECK(two.open(renewed, "mail") == "some words");
  CHECK(refusal(one, renewed) == "crypto.cannot_open");
  // Naming another key than the one it was sealed under does not help either.
  const auto forged = sealed.substr(0, 2) + renewed.substr(2, 4) + sealed.substr(6);
  CHECK(refusal(both, forged) == "crypto.cannot_open");
}

TEST_CASE("equal texts have equal hashes under one key only") {
  const Seal one(kOne), two(kTwo);
  CHECK(one.hash("a@example.test").size() == 32);
  CHECK(one.hash("a@example.test") == Seal(kOne, {kTwo}).hash("a@example.test"));
  CHECK(one.hash("a@example.test") != one.hash("b@example.test"));
  CHECK(one.hash("a@example.test") != two.hash("a@example.test"));
  CHECK(one.hash("a") != sha256("a"));
}

TEST_CASE("a key that is not base64 of 32 bytes is refused without being repeated") {
  for (const std::string& key :
       {std::string(), std::string("===="), std::string("c2hvcnQ="), kOne.substr(0, 40), kOne + "YWFh",
        kOne.substr(1), std::string(43, '!') + "=", std::string(64, 'a')}) {
    INFO(key);
    try {
      const Seal seal(key);
      FAIL("it was taken");
    } catch (const portico::Problem& problem) {
      CHECK(problem.code == "config.invalid");
      if (!key.empty()) CHECK(problem.detail.find(key) == std::string::npos);
    }
    CHECK_THROWS_AS(Seal(kOne, {key}), portico::Problem);
  }
}

TEST_CASE("digests are those of the standards") {
  const auto hex = [](const std::string& bytes) {
    std::string out;
    for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return out;
  };
  CHECK(hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");  // RFC 4231, case 2
}
