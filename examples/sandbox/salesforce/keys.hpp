// The key that assertions of the connected app are signed with.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

using EVP_PKEY = struct evp_pkey_st;

namespace sandbox::salesforce {

/// Threads share it. A key is made when first needed, which takes a moment.
class Keys {
 public:
  /// file  a private key, public key or certificate in PEM; made (private, mode 0600) if there is none; ""
  /// keeps a key
  ///       in memory
  explicit Keys(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }
  /// Whether `signature` is RS256 of `text`. errors: std::runtime_error if the file cannot be read or
  /// written.
  bool verifies(std::string_view text, std::string_view signature);
  /// The private key in PEM, "" where the file holds a public one. errors: as above
  std::string private_pem();
  /// Makes or reads the key now. errors: as above
  void prepare();

 private:
  EVP_PKEY* get();

  std::string file_;
  std::mutex mutex_;
  std::shared_ptr<EVP_PKEY> key_;  // under mutex_; nobody shares it: the type is incomplete here
  bool is_private_ = false;        // under mutex_
};

}  // namespace sandbox::salesforce
