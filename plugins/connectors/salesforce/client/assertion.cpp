// Signing by OpenSSL; its failures become a Problem here.
#include "client/assertion.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <boost/json.hpp>
#include <portico/problem.hpp>

#include "client/base64.hpp"

namespace salesforce {

namespace {

constexpr int kLeastBits = 2048;

portico::Problem unusable(const char* why) {
  ERR_clear_error();
  return portico::Problem(500, "config.invalid", std::string("private key of salesforce: ") + why);
}

/// A key with a pass phrase is refused; OpenSSL would ask the terminal for it.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

struct SigningKey::Key {
  ~Key() { EVP_PKEY_free(key); }
  EVP_PKEY* key = nullptr;
};

SigningKey::SigningKey(const std::string& pem) : key_(std::make_unique<Key>()) {
  const std::unique_ptr<BIO, int (*)(BIO*)> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                 BIO_free);
  if (!text) throw unusable("no memory");
  key_->key = PEM_read_bio_PrivateKey(text.get(), nullptr, no_pass_phrase, nullptr);
  if (!key_->key) throw unusable("no PEM of a private key without pass phrase");
  if (EVP_PKEY_get_base_id(key_->key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key_->key) < kLeastBits)
    throw unusable("an RSA key of at least 2048 bits is expected");
}
SigningKey::~SigningKey() = default;
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;

std::string SigningKey::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1)
    throw unusable("it does not sign");
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes,
                     text.size()) != 1)
    throw unusable("it does not sign");
  out.resize(size);
  return out;
}

std::string assertion_of(const Claims& claims, const SigningKey& key) {
  const boost::json::object body{{"iss", claims.client_id},
                                 {"sub", claims.username},
                                 {"aud", claims.audience},
                                 {"exp", claims.expires.time_since_epoch().count()}};
  const auto text =
      base64url_encode(R"({"alg":"RS256"})") + "." + base64url_encode(boost::json::serialize(body));
  return text + "." + base64url_encode(key.sign(text));
}

}  // namespace salesforce
