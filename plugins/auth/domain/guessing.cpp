// Address prefixes by inet_pton, keys by HMAC.
#include "domain/guessing.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "domain/digest.hpp"

namespace auth {

std::vector<int> lock_schedule() {
  std::vector<int> out;
  for (int seconds = kTriesWindow_s; seconds < kLongestLock_s; seconds *= 2) out.push_back(seconds);
  out.push_back(kLongestLock_s);
  return out;
}

std::string lock_schedule_literal() {
  return fmt::format("{{{}}}", fmt::join(lock_schedule(), ","));
}

std::string address_prefix(std::string_view address) {
  std::string text(address.substr(0, 64));
  unsigned char v4[4], v6[16];
  const auto prefix4 = [](const unsigned char* a) { return fmt::format("{}.{}.{}.0/24", a[0], a[1], a[2]); };
  if (inet_pton(AF_INET, text.c_str(), v4) == 1) return prefix4(v4);
  if (inet_pton(AF_INET6, text.c_str(), v6) == 1) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (std::memcmp(v6, mapped, sizeof mapped) == 0) return prefix4(v6 + 12);
    return hex({reinterpret_cast<const char*>(v6), 7}) + "/56";
  }
  return text;
}

TryKeys::TryKeys(const std::string& secret) : secret_(hmac_sha256(secret, "portico try keys")) {}

std::string TryKeys::key(std::string_view kind, std::string_view what) const {
  return hmac_sha256(secret_, fmt::format("{}\n{}", kind, what));
}
std::string TryKeys::address(std::string_view client_address) const {
  return key("address", address_prefix(client_address));
}
std::string TryKeys::account(std::string_view email) const {
  return key("account", email);
}
std::string TryKeys::device(std::string_view email, std::string_view device_sha256) const {
  return key("device", fmt::format("{}\n{}", email, hex(device_sha256)));
}
std::string TryKeys::proof(std::string_view user_id) const {
  return key("proof", user_id);
}
std::string TryKeys::sign_up(std::string_view sign_up_id) const {
  return key("sign_up", sign_up_id);
}
std::string TryKeys::mail(std::string_view email) const {
  return key("mail", email);
}

}  // namespace auth
