// bcrypt through crypt(3).
#include "examples/sandbox/whmcs/password.hpp"

#include <crypt.h>

#include <memory>
#include <stdexcept>

namespace sandbox::whmcs {

namespace {

constexpr unsigned long kCost = 4;  // a test double need not resist guessing

std::string crypted(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const char* out = crypt_r(password.c_str(), setting.c_str(), data.get());
  return out == nullptr || out[0] == '*' ? std::string{} : std::string(out);
}

}  // namespace

std::string hash_password(const std::string& password) {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  if (crypt_gensalt_rn("$2y$", kCost, nullptr, 0, setting, sizeof setting) == nullptr)
    throw std::runtime_error("crypt(3) offers no bcrypt here");
  return crypted(password, setting);
}

bool password_fits(const std::string& password, const std::string& hash) {
  return !hash.empty() && crypted(password, hash) == hash;
}

}  // namespace sandbox::whmcs
