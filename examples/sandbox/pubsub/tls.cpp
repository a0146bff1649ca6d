// Making and keeping the certificates with OpenSSL.
#include "examples/sandbox/pubsub/tls.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace sandbox::pubsub {

namespace {

constexpr long kDay = 24L * 3600;        // seconds
constexpr long kLifetime = 3650 * kDay;  // ten years
constexpr long kBackdated = 2 * kDay;    // other machines' clocks may be behind

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Cert = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(fmt::format("OpenSSL cannot {}", what));
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  check(PEM_write_bio_X509(out.get(), certificate) == 1, "write a certificate");
  return text_of(out.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  check(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "write a key");
  return text_of(out.get());
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  check(key != nullptr, "make a key");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, name, value.c_str());
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  check(added, "add to a certificate");
}

Cert new_certificate(const char* name, EVP_PKEY* key) {
  Cert out(X509_new(), X509_free);
  unsigned char serial[8];
  check(out && RAND_bytes(serial, sizeof serial) == 1, "make a certificate");
  serial[0] &= 0x7F;
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(out.get()));
  BN_free(number);
  X509_set_version(out.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -kBackdated);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), kLifetime);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  check(X509_set_pubkey(out.get(), key) == 1, "make a certificate");
  return out;
}

Certificate new_certificates(const std::string& bind) {
  const Key ca_key = new_key(), server_key = new_key();
  const Cert ca = new_certificate("Sandbox event bus authority", ca_key.get());
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  check(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0, "sign a certificate");

  const Cert server = new_certificate("localhost", server_key.get());
  X509_set_issuer_name(server.get(), X509_get_subject_name(ca.get()));
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  if (bind != "127.0.0.1" && bind != "::1" && bind != "0.0.0.0" && bind != "::" && bind != "localhost")
    names += ",IP:" + bind;
  add_extension(server.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(server.get(), ca.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(server.get(), ca.get(), NID_ext_key_usage, "serverAuth");
  add_extension(server.get(), ca.get(), NID_authority_key_identifier, "keyid");
  add_extension(server.get(), ca.get(), NID_subject_alt_name, names);
  check(X509_sign(server.get(), ca_key.get(), EVP_sha256()) > 0, "sign a certificate");
  // The authority's key is not kept: nobody can sign anything else with it.
  return {pem_of(ca.get()), pem_of(server.get()), pem_of(server_key.get())};
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return text.str();
}

void write_file(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  const std::string fresh = path.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  const bool done = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!done) throw std::runtime_error("cannot write " + fresh);
  std::filesystem::rename(fresh, path);
}

}  // namespace

Certificate certificate_in(const std::string& folder, const std::string& bind) {
  if (folder.empty()) return new_certificates(bind);
  const std::filesystem::path path(folder);
  const auto ca = path / "ca.pem", server = path / "server.pem", key = path / "server_key.pem";
  if (std::filesystem::exists(ca) && std::filesystem::exists(server) && std::filesystem::exists(key))
    return {read_file(ca), read_file(server), read_file(key)};
  std::filesystem::create_directories(path);
  const Certificate made = new_certificates(bind);
  write_file(key, made.key_pem, 0600);
  write_file(server, made.server_pem, 0644);
  write_file(ca, made.ca_pem, 0644);  // last: clients look for it
  return made;
}

}  // namespace sandbox::pubsub
