// A certificate authority made on the spot, and files with certificates of it.
#pragma once

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "kernel/front/tls.hpp"

namespace kernel::front::test {

/// A key and what an authority says about it.
struct Identity {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;

  /// Signed by `issuer`, by itself where that is null. valid_days may be negative: expired.
  explicit Identity(const std::string& name, const Identity* issuer = nullptr, long valid_days = 30)
      : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
    static std::atomic<long> serial{1};
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60L * 24 * 3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), valid_days * 24 * 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* by = issuer ? issuer->certificate : certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(by));
    extend(by, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (issuer) extend(by, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    REQUIRE(X509_sign(certificate, issuer ? issuer->key : key, EVP_sha256()) > 0);
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  std::string certificate_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    return text_of(bio);
  }
  std::string key_pem(const char* passphrase = nullptr) const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, passphrase ? EVP_aes_128_cbc() : nullptr, nullptr, 0, nullptr,
                             const_cast<char*>(passphrase));
    return text_of(bio);
  }

 private:
  void extend(X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  static std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }
};

/// A folder with a server's certificate and key.
class CertificateFolder {
 public:
  CertificateFolder() : authority("Test authority") {
    char name[] = "/tmp/portico-tls-XXXXXX";
    path_ = ::mkdtemp(name);
    put(Identity("first", &authority));
  }
  ~CertificateFolder() { std::filesystem::remove_all(path_); }
  CertificateFolder(const CertificateFolder&) = delete;
  CertificateFolder& operator=(const CertificateFolder&) = delete;

  TlsFiles files() const { return {path_ / "certificate.pem", path_ / "key.pem"}; }
  void put(const Identity& identity) const {
    write("key.pem", identity.key_pem());
    write("certificate.pem", identity.certificate_pem() + authority.certificate_pem());
  }
  /// Replaced in one step, as certificate clients do it; the modification time always differs.
  void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const auto fresh = path_ / (name + ".new");
    std::ofstream(fresh, std::ios::binary) << text;
    ::chmod(fresh.c_str(), mode);
    static std::atomic<int> step{0};
    std::filesystem::last_write_time(
        fresh, std::filesystem::file_time_type::clock::now() + std::chrono::milliseconds(++step));
    std::filesystem::rename(fresh, path_ / name);
  }

  const Identity authority;

 private:
  std::filesystem::path path_;
};

}  // namespace kernel::front::test
