// OpenSSL's PEM and signatures.
#include "examples/sandbox/salesforce/keys.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sandbox::salesforce {

namespace {

constexpr unsigned int kBits = 2048;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio memory(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::string pem_of(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

EVP_PKEY* read_key(const std::string& text, bool& is_private) {
  is_private = true;
  if (EVP_PKEY* key = PEM_read_bio_PrivateKey(memory(text).get(), nullptr, nullptr, nullptr)) return key;
  is_private = false;
  if (EVP_PKEY* key = PEM_read_bio_PUBKEY(memory(text).get(), nullptr, nullptr, nullptr)) return key;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(memory(text).get(), nullptr, nullptr, nullptr), X509_free);
  return certificate ? X509_get_pubkey(certificate.get()) : nullptr;
}

void write_private(const std::string& file, const std::string& text) {
  const std::string fresh = file + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool done = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!done) throw std::runtime_error("cannot write the key file " + fresh);
  std::filesystem::rename(fresh, file);
}

}  // namespace

EVP_PKEY* Keys::get() {
  if (key_) return key_.get();
  if (!file_.empty() && std::filesystem::exists(file_)) {
    std::ifstream in(file_, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    key_.reset(read_key(text.str(), is_private_), EVP_PKEY_free);
    if (!key_) throw std::runtime_error("no RSA key or certificate in " + file_);
  } else {
    key_.reset(EVP_RSA_gen(kBits), EVP_PKEY_free);
    if (!key_) throw std::runtime_error("OpenSSL made no key");
    is_private_ = true;
    if (!file_.empty()) write_private(file_, pem_of(key_.get()));
  }
  return key_.get();
}

void Keys::prepare() {
  const std::lock_guard lock(mutex_);
  get();
}

std::string Keys::private_pem() {
  const std::lock_guard lock(mutex_);
  EVP_PKEY* key = get();
  return is_private_ ? pem_of(key) : std::string{};
}

bool Keys::verifies(std::string_view text, std::string_view signature) {
  const std::lock_guard lock(mutex_);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto bytes = [](std::string_view view) {
    return reinterpret_cast<const unsigned char*>(view.data());
  };
  EVP_PKEY* key = get();
  return EVP_PKEY_base_id(key) == EVP_PKEY_RSA &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

}  // namespace sandbox::salesforce
