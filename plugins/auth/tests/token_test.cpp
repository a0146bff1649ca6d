// Access tokens, refresh tokens, and what they are made of.
#include <fmt/format.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <portico/problem.hpp>
#include <thread>

#include "domain/access_token.hpp"
#include "domain/digest.hpp"
#include "domain/refresh_token.hpp"

using namespace auth;
using namespace std::chrono_literals;

namespace {

const std::string kSecret(32, 's'), kOldSecret(32, 'o');
constexpr const char* kIssuer = "http://localhost:8080";
constexpr const char* kUser = "5f0c7f5e-3a1f-4f36-9f0e-0a6a5a1d2b3c";
constexpr const char* kSession = "0d6f7c11-9a3b-4a47-8f51-6f1f3f2f1e0d";
const portico::Time kNow{std::chrono::seconds(1'800'000'000)};

std::string key_id(const std::string& secret) {
  return hex(hmac_sha256(secret, "portico access token key id")).substr(0, 8);
}

std::string signed_token(const std::string& header, const std::string& payload, const std::string& secret) {
  const auto body = base64url(header) + "." + base64url(payload);
  return body + "." + base64url(hmac_sha256(secret, body));
}

std::string header(std::string_view alg = "HS256", std::string_view typ = "at+jwt",
                   std::string kid = key_id(kSecret)) {
  return fmt::format(R"({{"alg":"{}","typ":"{}","kid":"{}"}})", alg, typ, kid);
}

struct Claims {
  std::string iss = kIssuer, aud = "\"portico\"", sub = kUser, sid = kSession;
  std::string exp = "1800000600", nbf = "1800000000";
  std::string text() const {
    return fmt::format(R"({{"iss":"{}","aud":{},"sub":"{}","sid":"{}","exp":{},"nbf":{}}})", iss, aud, sub,
                       sid, exp, nbf);
  }
};

template <class Change>
std::string with(Change change) {
  Claims claims;
  change(claims);
  return signed_token(header(), claims.text(), kSecret);
}

}  // namespace

TEST_CASE("a token we issue is taken until it runs out") {
  const AccessTokens tokens(kIssuer, kSecret, "");
  const auto token = tokens.issue(kUser, kSession, kNow);
  CHECK(token.size() < 500);
  const auto claims = tokens.verify(token, kNow);
  REQUIRE(claims);
  CHECK(claims->user_id == kUser);
  CHECK(claims->session_id == kSession);
  CHECK(claims->expires_at == kNow + 10min);
  CHECK(tokens.verify(token, kNow + 10min + 59s));
  CHECK_FALSE(tokens.verify(token, kNow + 11min));
}

TEST_CASE("a hand-made token with the right parts is taken, so that each refusal below has its own reason") {
  const AccessTokens tokens(kIssuer, kSecret, "");
  TokenFault why;
  CHECK(tokens.verify(with([](Claims&) {}), kNow, &why));
  CHECK(why == TokenFault::none);
}

TEST_CASE("a token that is not exactly ours is nobody's") {
  const AccessTokens tokens(kIssuer, kSecret, "");
  const auto good = with([](Claims&) {});
  const auto body = Claims{}.text();
  const auto unsigned_part = [](const std::string& h, const std::string& b) {
    return base64url(h) + "." + base64url(b);
  };
  struct Row {
    const char* rule;
    std::string token;
    TokenFault fault;
  };
  const Row rows[] = {
      {"empty", "", TokenFault::malformed},
      {"two parts", good.substr(0, good.rfind('.')), TokenFault::malformed},
      {"four parts", good + ".x", TokenFault::malformed},
      {"alg none without signature", unsigned_part(header("none"), body) + ".", TokenFault::algorithm},
      {"alg none with a signature", signed_token(header("none"), body, kSecret), TokenFault::algorithm},
      {"alg nOnE", signed_token(header("nOnE"), body, kSecret), TokenFault::algorithm},
      {"HS256 taken for RS256", signed_token(header("RS256"), body, kSecret), TokenFault::algorithm},
      {"HS384", signed_token(header("HS384"), body, kSecret), TokenFault::algorithm},
      {"typ JWT", signed_token(header("HS256", "JWT"), body, kSecret), TokenFault::type},
      {"unknown key id", signed_token(header("HS256", "at+jwt", "00000000"), body, kSecret),
       TokenFault::unknown_key},
      {"key id that climbs folders", signed_token(header("HS256", "at+jwt", "../../dev/null"), body, ""),
       TokenFault::unknown_key},
      {"key id with a quote", signed_token(header("HS256", "at+jwt", "' OR 1=1"), body, kSecret),
       TokenFault::unknown_key},
      {"a key of its own in the header",
       signed_token(
           fmt::format(R"({{"alg":"HS256","typ":"at+jwt","kid":"{}","jwk":{{"kty":"oct","k":"AAAA"}}}})",
                       key_id(kSecret)),
           body, kSecret),
       TokenFault::malformed},
      {"a key address in the header",
       signed_token(
           fmt::format(R"({{"alg":"HS256","typ":"at+jwt","kid":"{}","jku":"https://example.com/k"}})",
                       key_id(kSecret)),
           body, kSecret),
       TokenFault::malformed},
      {"alg twice",
       signed_token(
           fmt::format(R"({{"alg":"none","alg":"HS256","typ":"at+jwt","kid":"{}"}})", key_id(kSecret)), body,
           kSecret),
       TokenFault::malformed},
      {"another secret", signed_token(header(), body, std::string(32, 'x')), TokenFault::signature},
      {"an empty secret", signed_token(header(), body, ""), TokenFault::signature},
      {"claims changed after signing",
       base64url(header()) + "." + base64url(R"({"sub":"x"})") + good.substr(good.rfind('.')),
       TokenFault::signature},
      {"signature cut", good.substr(0, good.size() - 3), TokenFault::signature},
      {"signature cut inside a byte", good.substr(0, good.size() - 2), TokenFault::malformed},
      {"signature empty", good.substr(0, good.rfind('.') + 1), TokenFault::signature},
      {"padding", good + "=", TokenFault::malformed},
      {"a line end inside", good.substr(0, 10) + "\n" + good.substr(10), TokenFault::malformed},
      {"another issuer", with([](Claims& c) { c.iss = "http://localhost:8081"; }), TokenFault::issuer},
      {"another audience", with([](Claims& c) { c.aud = "\"billing\""; }), TokenFault::audience},
      {"a list of audiences", with([](Claims& c) { c.aud = "[\"portico\",\"billing\"]"; }),
       TokenFault::audience},
      {"run out", with([](Claims& c) { c.exp = "1799999939"; }), TokenFault::expired},
      {"never runs out", with([](Claims& c) { c.exp = "null"; }), TokenFault::malformed},
      {"runs out as text", with([](Claims& c) { c.exp = "\"1800000600\""; }), TokenFault::malformed},
      {"runs out in a fraction", with([](Claims& c) { c.exp = "1.8e9"; }), TokenFault::malformed},
      {"from the future", with([](Claims& c) { c.nbf = "1800000061"; }), TokenFault::not_yet},
      {"negative time", with([](Claims& c) { c.nbf = "-1"; }), TokenFault::malformed},
      {"no user", with([](Claims& c) { c.sub = ""; }), TokenFault::subject},
      {"a session that is no id", with([](Claims& c) { c.sid = "*"; }), TokenFault::subject},
      {"8 KB", with([](Claims& c) { c.sid = std::string(8192, 'a'); }), TokenFault::too_large},
      {"deep nesting", signed_token(header(), std::string(200, '[') + std::string(200, ']'), kSecret),
       TokenFault::malformed},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    TokenFault why = TokenFault::none;
    CHECK_FALSE(tokens.verify(row.token, kNow, &why));
    CHECK(static_cast<int>(why) == static_cast<int>(row.fault));
  }
}

TEST_CASE("a clock that is a minute off still works") {
  const AccessTokens tokens(kIssuer, kSecret, "");
  CHECK(tokens.verify(with([](Claims& c) { c.nbf = "1800000060"; }), kNow));
  CHECK(tokens.verify(with([](Claims& c) { c.exp = "1799999941"; }), kNow));
}

TEST_CASE("two secrets count while one replaces the other") {
  const AccessTokens before(kIssuer, kOldSecret, ""), during(kIssuer, kSecret, kOldSecret),
      after(kIssuer, kSecret, "");
  const auto old_token = before.issue(kUser, kSession, kNow), new_token = during.issue(kUser, kSession, kNow);
  CHECK(during.verify(old_token, kNow));
  CHECK(after.verify(new_token, kNow));
  TokenFault why;
  CHECK_FALSE(after.verify(old_token, kNow, &why));
  CHECK(why == TokenFault::unknown_key);
}

TEST_CASE("a secret below 32 bytes is refused at start") {
  CHECK_THROWS_AS(AccessTokens(kIssuer, std::string(31, 's'), ""), portico::Problem);
  CHECK_THROWS_AS(AccessTokens(kIssuer, kSecret, "short"), portico::Problem);
  CHECK_NOTHROW(AccessTokens(kIssuer, kSecret, ""));
}

TEST_CASE("a refresh token has one successor under a key, and another under another key") {
  const RefreshTokens now(kSecret, ""), rotated(std::string(32, 'n'), kSecret);
  const std::string token = base64url(std::string(32, 'r'));
  const auto successor = now.successors(token);
  REQUIRE(successor.size() == 1);
  CHECK(now.successors(token) == successor);
  CHECK(is_token(successor[0]));
  CHECK(successor[0] != token);
  CHECK(now.successors(successor[0])[0] != successor[0]);
  const auto both = rotated.successors(token);
  REQUIRE(both.size() == 2);
  CHECK(both[0] != successor[0]);
  CHECK(both[1] == successor[0]);
}

TEST_CASE("only text of our shape is looked up") {
  CHECK(is_token(std::string(43, 'a')));
  for (const std::string& text : {std::string(), std::string(42, 'a'), std::string(44, 'a'),
                                  std::string(42, 'a') + "=", std::string(42, 'a') + "'"})
    CHECK_FALSE(is_token(text));
}

TEST_CASE("base64url has no padding and knows no + or /") {
  CHECK(base64url("").empty());
  CHECK(base64url("\xfb\xff") == "-_8");
  CHECK(base64url("any carnal pleas") == "YW55IGNhcm5hbCBwbGVhcw");
}

TEST_CASE("a UUID made of random bytes says so") {
  const auto id = uuid_from(std::string(16, '\xff'));
  CHECK(id == "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST_CASE("tokens are signed and read by many threads at once") {
  const AccessTokens tokens(kIssuer, kSecret, "");
  constexpr int kThreads = 8, kEach = 2000;
  std::atomic<int> fine{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&] {
        for (int k = 0; k < kEach; ++k)
          fine += tokens.verify(tokens.issue(kUser, kSession, kNow), kNow).has_value();
      });
  }
  CHECK(fine == kThreads * kEach);
}
