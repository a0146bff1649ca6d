// Access tokens: what is accepted is ours to the last byte, by a check that shares nothing with the
// verifier's parser.
//
// An input is a token; one with a line end in it is a header and a payload, which are signed here with the
// right key, so that the search reaches what lies behind the signature.
#include <boost/json.hpp>

#include "domain/access_token.hpp"
#include "domain/digest.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace std::chrono_literals;
using fuzz::promise;

namespace {

namespace json = boost::json;

const std::string kSecret(32, 's'), kPrevious(32, 'o');
constexpr const char* kIssuer = "http://localhost:8080";
const portico::Time kNow{std::chrono::seconds(1'800'000'000)};

std::string sign(std::string_view header, std::string_view payload) {
  const auto body = auth::base64url(header) + '.' + auth::base64url(payload);
  return body + '.' + auth::base64url(auth::hmac_sha256(kSecret, body));
}

std::string decode(std::string_view part) {
  static constexpr std::string_view kSigns =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bits;
  for (const char c : part) {
    const auto at = kSigns.find(c);
    promise(at != std::string_view::npos, "an accepted token is base64url");
    for (int bit = 5; bit >= 0; --bit) bits += static_cast<char>('0' + (at >> bit & 1));
  }
  std::string bytes;
  for (std::size_t i = 0; i + 8 <= bits.size(); i += 8)
    bytes += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
  return bytes;
}

void check_accepted(std::string_view token, const auth::AccessClaims& claims) {
  promise(token.size() <= auth::kMaxAccessToken, "an accepted token is no larger than the limit");
  const auto first = token.find('.'), second = token.rfind('.');
  promise(first < second && token.find('.', first + 1) == second, "an accepted token has three parts");
  const auto body = token.substr(0, second), signature = token.substr(second + 1);
  promise(signature == auth::base64url(auth::hmac_sha256(kSecret, body)) ||
              signature == auth::base64url(auth::hmac_sha256(kPrevious, body)),
          "an accepted token is signed by one of our keys");

  const auto header = json::parse(decode(body.substr(0, first))).as_object();
  promise(header.size() == 3 && header.at("alg") == "HS256" && header.at("typ") == "at+jwt",
          "an accepted header is ours");
  const auto payload = json::parse(decode(body.substr(first + 1))).as_object();
  promise(payload.at("iss") == kIssuer && payload.at("aud") == "portico", "an accepted token is for us");
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(kNow.time_since_epoch()).count();
  promise(payload.at("exp").as_int64() > now - 60 && payload.at("nbf").as_int64() <= now + 60,
          "an accepted token is of now");
  promise(payload.at("sub").as_string() == claims.user_id &&
              payload.at("sid").as_string() == claims.session_id && claims.user_id.size() == 36 &&
              claims.session_id.size() == 36,
          "the claims are those that were signed");
  promise(claims.expires_at == portico::Time(std::chrono::seconds(payload.at("exp").as_int64())),
          "it ends when it says");
}

}  // namespace

void fuzz::check(std::string_view input) {
  static const auth::AccessTokens tokens(kIssuer, kSecret, kPrevious);
  const auto line_end = input.find('\n');
  const std::string token = line_end == std::string_view::npos
                                ? std::string(input)
                                : sign(input.substr(0, line_end), input.substr(line_end + 1));
  auth::TokenFault fault{};
  const auto claims = tokens.verify(token, kNow, &fault);
  promise(claims.has_value() == (fault == auth::TokenFault::none),
          "a refusal has its reason, an acceptance has none");
  if (!claims) return;
  check_accepted(token, *claims);
  promise(!tokens.verify(token, claims->expires_at + auth::kClockLeeway), "an accepted token ends");

  Choice choice(token);
  std::string changed = token;
  const std::size_t at = choice.below(token.size());
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  promise(!tokens.verify(changed, kNow), "a token with one other sign is refused");
  const auto again = tokens.verify(tokens.issue(claims->user_id, claims->session_id, kNow), kNow);
  promise(again && again->user_id == claims->user_id && again->session_id == claims->session_id,
          "what we issue for these claims is accepted with them");
}
