// Random ids from getrandom(2), taken a page at a time so that an id costs no system call of its own.
#include "kernel/observe/random_id.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace kernel::observe {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kIdChars = 26;  // ceil(128 / 5)

/// getrandom gives up to 256 bytes whole; what was handed out is wiped.
struct RandomPage {
  std::array<unsigned char, 256> bytes{};
  std::size_t used = 256;

  void take(unsigned char* to, std::size_t count) {
    if (used + count > bytes.size()) {
      ssize_t got;
      do {
        got = ::getrandom(bytes.data(), bytes.size(), 0);
      } while (got < 0 && errno == EINTR);
      if (got != static_cast<ssize_t>(bytes.size()))
        throw std::system_error(errno, std::generic_category(), "getrandom");
      used = 0;
    }
    std::memcpy(to, bytes.data() + used, count);
    std::memset(bytes.data() + used, 0, count);
    used += count;
  }
};

}  // namespace

std::string new_correlation_id() {
  constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  thread_local RandomPage page;
  unsigned char raw[kIdBytes];
  page.take(raw, sizeof raw);

  std::string id;
  id.reserve(kIdChars);
  std::uint32_t bits = 0;
  int held = 0;
  for (unsigned char byte : raw) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      id.push_back(kAlphabet[(bits >> held) & 31]);
    }
  }
  id.push_back(kAlphabet[(bits << (5 - held)) & 31]);
  return id;
}

bool is_correlation_id(std::string_view text) noexcept {
  if (text.size() < 8 || text.size() > 64) return false;
  for (char c : text) {
    const bool ok =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!ok) return false;
  }
  return true;
}

std::string correlation_id_for(std::string_view inbound) {
  return is_correlation_id(inbound) ? std::string(inbound) : new_correlation_id();
}

}  // namespace kernel::observe
