// Access tokens by Poco::JWT, behind checks of our own: one algorithm, our keys, our claims.
#include "domain/access_token.hpp"

#include <Poco/Exception.h>
#include <Poco/JWT/Signer.h>
#include <Poco/JWT/Token.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <portico/contract.hpp>

#include "domain/digest.hpp"

namespace auth {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

constexpr const char* kType = "at+jwt";
constexpr const char* kAudience = "portico";

std::int64_t to_seconds(portico::Time t) {
  return duration_cast<seconds>(t.time_since_epoch()).count();
}

/// Canonical base64url only: no padding, no other signs, no spare bits.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t v = 0;
    if (c >= 'A' && c <= 'Z')
      v = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      v = static_cast<std::uint32_t>(c - 'a' + 26);
    else if (c >= '0' && c <= '9')
      v = static_cast<std::uint32_t>(c - '0' + 52);
    else if (c == '-')
      v = 62;
    else if (c == '_')
      v = 63;
    else
      return std::nullopt;
    bits = (bits << 6) | v;
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  if (count >= 6 || (bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return out;
}

/// An object without duplicate members, so that no second parser can see other values.
std::optional<boost::json::object> parse_object(std::string_view part) {
  const auto text = from_base64url(part);
  if (!text) return std::nullopt;
  try {
    auto value = portico::contract::parse_strict(*text, 4);
    if (!value.is_object()) return std::nullopt;
    return std::move(value.get_object());
  } catch (const portico::Problem&) {
    return std::nullopt;
  }
}

std::optional<std::string_view> text(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* string = value ? value->if_string() : nullptr;
  if (!string) return std::nullopt;
  return std::string_view(string->data(), string->size());
}

std::optional<std::int64_t> number(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* integer = value ? value->if_int64() : nullptr;
  if (!integer || *integer < 0 || *integer > 4'102'444'800) return std::nullopt;  // past the year 2100
  return *integer;
}

bool is_uuid(std::string_view s) {
  return s.size() == 36 && std::all_of(s.begin(), s.end(), [](char c) {
           return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string key_id(const std::string& secret) {
  return hex(hmac_sha256(secret, "portico access token key id")).substr(0, 8);
}

}  // namespace

AccessTokens::AccessTokens(std::string issuer, const std::string& secret, const std::string& previous_secret)
    : issuer_(std::move(issuer)) {
  const auto add = [&](const std::string& s) {
    if (s.size() < kMinSecret)
      throw portico::Problem(500, "auth.secret_too_short", "jwt_secret (JWT_SECRET) needs at least 32 bytes");
    auto id = key_id(s);
    keys_[id] = s;
    return id;
  };
  current_id_ = add(secret);
  if (!previous_secret.empty()) add(previous_secret);
}

std::string AccessTokens::issue(std::string_view user_id, std::string_view session_id,
                                portico::Time now) const {
  const auto at = to_seconds(now);
  try {
    Poco::JWT::Token token;
    token.setType(kType);
    token.header().set("kid", current_id_);
    token.setIssuer(issuer_);
    token.setAudience(kAudience);
    token.setSubject(std::string(user_id));
    token.payload().set("sid", std::string(session_id));
    token.payload().set("iat", at);
    token.payload().set("nbf", at);
    token.payload().set("exp", at + seconds(kAccessLifetime).count());
    return Poco::JWT::Signer(keys_.at(current_id_)).sign(token, Poco::JWT::Signer::ALGO_HS256);
  } catch (const Poco::Exception& failure) {
    throw portico::Problem(500, "internal", "signing failed: " + failure.displayText());
  }
}

std::optional<AccessClaims> AccessTokens::verify(std::string_view token, portico::Time now,
                                                 TokenFault* why) const {
  TokenFault ignored;
  TokenFault& fault = why ? *why : ignored;
  const auto refuse = [&](TokenFault f) { return fault = f, std::nullopt; };
  fault = TokenFault::none;
  if (token.size() > kMaxAccessToken) return refuse(TokenFault::too_large);
  const auto first = token.find('.');
  const auto second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return refuse(TokenFault::malformed);

  const auto header = parse_object(token.substr(0, first));
  if (!header) return refuse(TokenFault::malformed);
  if (text(*header, "alg") != "HS256") return refuse(TokenFault::algorithm);
  if (text(*header, "typ") != kType) return refuse(TokenFault::type);
  if (header->contains("crit") || header->size() != 3) return refuse(TokenFault::malformed);
  const auto kid = text(*header, "kid");
  const auto key = kid ? keys_.find(*kid) : keys_.end();
  if (key == keys_.end()) return refuse(TokenFault::unknown_key);

  const auto signature = from_base64url(token.substr(second + 1));
  if (!signature) return refuse(TokenFault::malformed);
  // Compared in constant time first: Poco compares the texts byte by byte.
  if (!same_secret(*signature, hmac_sha256(key->second, token.substr(0, second))))
    return refuse(TokenFault::signature);
  try {
    Poco::JWT::Token verified;
    if (!Poco::JWT::Signer(key->second).tryVerify(std::string(token), verified))
      return refuse(TokenFault::signature);
  } catch (const Poco::Exception&) {
    return refuse(TokenFault::malformed);
  }

  const auto claims = parse_object(token.substr(first + 1, second - first - 1));
  if (!claims) return refuse(TokenFault::malformed);
  if (text(*claims, "iss") != issuer_) return refuse(TokenFault::issuer);
  if (text(*claims, "aud") != kAudience) return refuse(TokenFault::audience);
  const auto expires = number(*claims, "exp"), not_before = number(*claims, "nbf");
  if (!expires || !not_before) return refuse(TokenFault::malformed);
  const auto at = to_seconds(now);
  if (at >= *expires + kClockLeeway.count()) return refuse(TokenFault::expired);
  if (at + kClockLeeway.count() < *not_before) return refuse(TokenFault::not_yet);
  const auto user = text(*claims, "sub"), session = text(*claims, "sid");
  if (!user || !session || !is_uuid(*user) || !is_uuid(*session)) return refuse(TokenFault::subject);
  return AccessClaims{std::string(*user), std::string(*session), portico::Time(seconds(*expires))};
}

}  // namespace auth
