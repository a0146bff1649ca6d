// The signed claim by which the portal signs on: a JWT with RS256 (RFC 7523).
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace salesforce {

struct Claims {
  std::string client_id;  // the connected app's consumer key
  std::string username;
  std::string audience;
  std::chrono::sys_seconds expires;
};

/// A private RSA key of at least 2048 bits. errors: Problem 500 config.invalid, without a word of the key
class SigningKey {
 public:
  explicit SigningKey(const std::string& pem);
  ~SigningKey();
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;

  std::string sign(std::string_view text) const;

 private:
  struct Key;
  std::unique_ptr<Key> key_;
};

/// header.claims.signature
std::string assertion_of(const Claims& claims, const SigningKey& key);

}  // namespace salesforce
