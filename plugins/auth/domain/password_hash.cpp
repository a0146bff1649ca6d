// Password hashes by libxcrypt and OpenSSL.
#include "domain/password_hash.hpp"

#include <crypt.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <portico/problem.hpp>

#include "domain/digest.hpp"
#include "domain/unicode.hpp"

namespace auth {
namespace {

constexpr std::string_view kMark = "p1:";
constexpr std::size_t kKeyId = 8;  // hex digits

bool is_bcrypt(std::string_view text) {
  return text.size() == 60 && text.substr(0, 2) == "$2" &&
         (text[2] == 'a' || text[2] == 'b' || text[2] == 'y') && text[3] == '$' && text[6] == '$';
}

int cost_of(std::string_view bcrypt) {
  return (bcrypt[4] - '0') * 10 + (bcrypt[5] - '0');
}

}  // namespace

PasswordHasher::PasswordHasher(int cost, std::string pepper, std::string previous_pepper) : cost_(cost) {
  if (cost < 4 || cost > 16) throw portico::Problem(500, "auth.bad_cost", "bcrypt_rounds must be 4 to 16");
  const auto make_pepper = [](std::string secret) {
    if (secret.size() < 32)
      throw portico::Problem(500, "auth.pepper_too_short",
                             "password_pepper (PASSWORD_PEPPER) needs at least 32 bytes");
    std::string id = hex(hmac_sha256(secret, "portico pepper id")).substr(0, kKeyId);
    return Pepper{std::move(secret), std::move(id)};
  };
  current_ = make_pepper(std::move(pepper));
  if (!previous_pepper.empty()) previous_ = make_pepper(std::move(previous_pepper));
  dummy_setting_ = fmt::format("$2b${:02}$......................", cost_);
}

std::string PasswordHasher::peppered(const Pepper& pepper, std::string_view password) const {
  return base64(hmac_sha384(pepper.secret, nfc(password).value_or(std::string(password))));
}

std::string PasswordHasher::bcrypt(const std::string& text, const std::string& setting) {
  if (!one_at_a_time_.try_acquire_for(std::chrono::seconds(2)))
    throw portico::Problem(503, "service.busy", "password hashing is busy", 2);
  const std::unique_ptr<std::binary_semaphore, void (*)(std::binary_semaphore*)> turn(
      &one_at_a_time_, [](std::binary_semaphore* semaphore) { semaphore->release(); });
  ++computations_;
  const auto memory = std::make_unique<crypt_data>();
  const char* made = crypt_r(text.c_str(), setting.c_str(), memory.get());
  std::string out = made ? made : "*";
  explicit_bzero(memory.get(), sizeof *memory);
  return out;
}

std::string PasswordHasher::make(std::string_view password, std::string_view random16) {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  if (random16.size() < 16 || !crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost_), random16.data(),
                                                16, setting, sizeof setting))
    throw portico::Problem(500, "internal", "no bcrypt setting");
  const auto hash = bcrypt(peppered(current_, password), setting);
  if (!is_bcrypt(hash)) throw portico::Problem(500, "internal", "bcrypt failed");
  return fmt::format("{}{}:{}", kMark, current_.id, hash);
}

Match PasswordHasher::verify(std::string_view password, const std::optional<std::string>& stored) {
  const std::string_view text = stored ? std::string_view(*stored) : std::string_view();
  const Pepper* pepper = &current_;
  std::string_view hash;
  bool imported = false;
  if (text.substr(0, kMark.size()) == kMark && text.size() > kMark.size() + kKeyId + 1) {
    const auto id = text.substr(kMark.size(), kKeyId);
    hash = text.substr(kMark.size() + kKeyId + 1);
    if (id != current_.id) {
      if (previous_ && id == previous_->id)
        pepper = &*previous_;
      else
        hash = {};
    }
  } else {
    hash = text;
    imported = true;
  }
  if (!is_bcrypt(hash)) {  // nobody, or a hash nothing can match: the same work, and no
    bcrypt(peppered(current_, password), dummy_setting_);
    return Match::no;
  }
  const auto made = bcrypt(imported ? std::string(password) : peppered(*pepper, password), std::string(hash));
  if (!same_secret(made, hash)) return Match::no;
  return imported || pepper != &current_ || cost_of(hash) != cost_ ? Match::yes_but_rewrite : Match::yes;
}

}  // namespace auth
