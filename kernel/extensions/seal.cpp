// OpenSSL behind four small functions.
#include "kernel/extensions/seal.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <memory>
#include <portico/problem.hpp>

namespace kernel::extensions {

using portico::Problem;

namespace {

constexpr std::string_view kMark = "P1";
constexpr std::size_t kId = 4, kNonce = 12, kTag = 16;

struct Free {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

unsigned char* bytes(std::string& s) {
  return reinterpret_cast<unsigned char*>(s.data());
}
const unsigned char* bytes(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}
void must(int ok) {
  if (ok != 1) throw Problem(500, "crypto.failed", "OpenSSL refused an operation");
}

std::string decode_key(const std::string& base64) {
  std::string out(base64.size(), '\0');
  const int n = base64.size() % 4 == 0 ? EVP_DecodeBlock(bytes(out), bytes(std::string_view(base64)),
                                                         static_cast<int>(base64.size()))
                                       : -1;
  std::size_t padding = 0;
  while (padding < 2 && padding < base64.size() && base64[base64.size() - 1 - padding] == '=') ++padding;
  if (n < 0 || static_cast<std::size_t>(n) - padding != 32)
    throw Problem(
        500, "config.invalid",
        "security.seal_key: not base64 of 32 bytes; make one with: head -c 32 /dev/urandom | base64");
  out.resize(32);
  return out;
}

}  // namespace

std::string sha256(std::string_view data) {
  std::string out(32, '\0');
  unsigned size = 32;
  must(EVP_Digest(data.data(), data.size(), bytes(out), &size, EVP_sha256(), nullptr));
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::string out(32, '\0');
  unsigned size = 32;
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(data), data.size(), bytes(out),
            &size))
    must(0);
  return out;
}

void fill_random(unsigned char* out, std::size_t count) {
  must(RAND_bytes(out, static_cast<int>(count)));
}

Seal::Seal(const std::string& current, const std::vector<std::string>& old) {
  const auto add = [&](const std::string& base64) {
    auto key = decode_key(base64);
    keys_.push_back({sha256("id" + key).substr(0, kId), std::move(key)});
  };
  add(current);
  for (const auto& key : old) add(key);
}

std::string Seal::seal(std::string_view plain, std::string_view context) const {
  const auto& key = keys_.front();
  std::string nonce(kNonce, '\0');
  fill_random(bytes(nonce), kNonce);
  std::string text(plain.size(), '\0'), tag(kTag, '\0');
  const Context c(EVP_CIPHER_CTX_new());
  int n = 0;
  must(EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, bytes(std::string_view(key.bytes)),
                          bytes(std::string_view(nonce))));
  must(EVP_EncryptUpdate(c.get(), nullptr, &n, bytes(context), static_cast<int>(context.size())));
  must(EVP_EncryptUpdate(c.get(), bytes(text), &n, bytes(plain), static_cast<int>(plain.size())));
  must(EVP_EncryptFinal_ex(c.get(), bytes(text) + n, &n));
  must(EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, kTag, bytes(tag)));
  return std::string(kMark) + key.id + nonce + text + tag;
}

std::string Seal::open(std::string_view sealed, std::string_view context) const {
  const auto refuse = [](const char* why) { return Problem(500, "crypto.cannot_open", why); };
  if (sealed.size() < kMark.size() + kId + kNonce + kTag || sealed.substr(0, 2) != kMark)
    throw refuse("not a sealed value");
  const auto id = sealed.substr(2, kId), nonce = sealed.substr(2 + kId, kNonce);
  const auto text = sealed.substr(2 + kId + kNonce, sealed.size() - 2 - kId - kNonce - kTag);
  std::string tag(sealed.substr(sealed.size() - kTag));
  for (const auto& key : keys_) {
    if (key.id != id) continue;
    std::string plain(text.size(), '\0');
    const Context c(EVP_CIPHER_CTX_new());
    int n = 0;
    must(EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, bytes(std::string_view(key.bytes)),
                            bytes(nonce)));
    must(EVP_DecryptUpdate(c.get(), nullptr, &n, bytes(context), static_cast<int>(context.size())));
    must(EVP_DecryptUpdate(c.get(), bytes(plain), &n, bytes(text), static_cast<int>(text.size())));
    must(EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, kTag, bytes(tag)));
    if (EVP_DecryptFinal_ex(c.get(), bytes(plain) + n, &n) != 1)
      throw refuse("another context, or changed bytes");
    return plain;
  }
  throw refuse("sealed under a key that is not configured");
}

std::string Seal::hash(std::string_view text) const {
  return hmac_sha256(keys_.front().bytes, "hash:" + std::string(text));
}

}  // namespace kernel::extensions
