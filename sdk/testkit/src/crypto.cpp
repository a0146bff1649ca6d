// portico.crypto/1 by OpenSSL, with a key that is the same in every run; random bytes from a seed on request.
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <portico/abi/crypto.h>

#include <algorithm>
#include <array>

#include "state.hpp"

namespace portico::testkit {

namespace {

constexpr int kNonce = 12, kTag = 16;
constexpr unsigned char kKey[33] = "a key that seals in tests only..";  // 32 bytes and the end

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Blocks of SHA-256 over seed and counter.
void fill(State& s, std::uint8_t* out, std::uint64_t count) {
  const std::lock_guard lock(s.mutex);
  if (!s.random_seed) {
    if (RAND_bytes(out, static_cast<int>(count)) != 1) throw Problem(500, "crypto.random");
    return;
  }
  for (std::uint64_t done = 0; done < count;) {
    const auto text = std::to_string(s.random_seed) + ":" + std::to_string(++s.random_count);
    unsigned char block[SHA256_DIGEST_LENGTH];
    SHA256(bytes(text), text.size(), block);
    const auto part = std::min<std::uint64_t>(count - done, sizeof block);
    std::copy_n(block, part, out + done);
    done += part;
  }
}

portico_status random_bytes(const portico_host* host, std::uint8_t* out, std::uint64_t count) {
  return host_call(host, {"crypto.random", kAnywhere}, nullptr, [&](State& s) { fill(s, out, count); });
}

portico_status sha256(const portico_host* host, portico_str data, std::uint8_t* out) {
  return host_call(host, {"crypto.sha256", kAnywhere}, nullptr,
                   [&](State&) { SHA256(bytes(view(data)), data.size, out); });
}

portico_status hmac_sha256(const portico_host* host, portico_str key, portico_str data, std::uint8_t* out) {
  return host_call(host, {"crypto.hmac_sha256", kAnywhere}, nullptr, [&](State&) {
    unsigned size = 32;
    if (!HMAC(EVP_sha256(), key.data, static_cast<int>(key.size), bytes(view(data)), data.size, out, &size))
      throw Problem(500, "crypto.hmac");
  });
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

std::string bound(const State& s, portico_str context) {
  return s.manifest.id + ":" + text_of(context);
}

/// "T", nonce, text, tag.
portico_status seal(const portico_host* host, portico_str plain, portico_str context, portico_buffer* out,
                    portico_error* error) {
  return host_call(host, {"crypto.seal", kAnywhere}, error, [&](State& s) {
    std::string sealed(1 + kNonce + plain.size + kTag, 'T');
    auto* at = reinterpret_cast<unsigned char*>(sealed.data());
    fill(s, at + 1, kNonce);
    const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    const auto aad = bound(s, context);
    int size = 0;
    const bool ok =
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, kKey, at + 1) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes(aad), static_cast<int>(aad.size())) == 1 &&
        EVP_EncryptUpdate(cipher.get(), at + 1 + kNonce, &size, bytes(view(plain)),
                          static_cast<int>(plain.size)) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), at + 1 + kNonce + plain.size, &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, at + 1 + kNonce + plain.size) == 1;
    if (!ok) throw Problem(500, "crypto.cannot_seal");
    *out = s.lease_text(std::move(sealed), "crypto.seal");
  });
}

portico_status open(const portico_host* host, portico_str sealed, portico_str context, portico_buffer* out,
                    portico_error* error) {
  return host_call(host, {"crypto.open", kAnywhere}, error, [&](State& s) {
    const Problem refused(500, "crypto.cannot_open", "another context, or changed bytes");
    if (sealed.size < 1 + kNonce + kTag || sealed.data[0] != 'T') throw refused;
    std::string plain(sealed.size - 1 - kNonce - kTag, '\0');
    const auto* at = bytes(view(sealed));
    auto* to = reinterpret_cast<unsigned char*>(plain.data());
    std::array<unsigned char, kTag> tag{};
    std::copy_n(at + sealed.size - kTag, kTag, tag.begin());
    const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    const auto aad = bound(s, context);
    int size = 0;
    const bool ok =
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, kKey, at + 1) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes(aad), static_cast<int>(aad.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), to, &size, at + 1 + kNonce, static_cast<int>(plain.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), to + plain.size(), &size) == 1;
    if (!ok) throw refused;
    *out = s.lease_text(std::move(plain), "crypto.open");
  });
}

}  // namespace

const portico_crypto kCrypto{sizeof(portico_crypto), 0, random_bytes, sha256, hmac_sha256, seal, open};

}  // namespace portico::testkit
