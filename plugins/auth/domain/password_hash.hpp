// Password hashes: bcrypt over a keyed digest, plus the plain bcrypt of imported accounts.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>

namespace auth {

enum class Match { no, yes, yes_but_rewrite };

/// Makes and checks password hashes; one computation at a time, since each takes a core for a fifth of a
/// second.
///
/// A hash reads "p1:<pepper key id>:<bcrypt>", where bcrypt is over base64(HMAC-SHA-384(pepper,
/// NFC(password))): the whole password counts, and a stolen table is worth nothing without the pepper. The
/// key id is derived from the pepper, so that rotating needs no numbering.
class PasswordHasher {
 public:
  /// cost      of bcrypt, 4 to 16
  /// pepper    ≥ 32 bytes; previous: the one before during a rotation, may be empty
  /// errors    500 auth.pepper_too_short, 500 auth.bad_cost
  PasswordHasher(int cost, std::string pepper, std::string previous_pepper);

  /// random16  16 random bytes, the salt
  /// errors    503 service.busy when other computations keep it waiting for 2 s
  std::string make(std::string_view password, std::string_view random16);

  /// Checks with exactly one computation, also without a stored hash (nobody by that name) or with one that
  /// cannot be read. yes_but_rewrite: imported, under the previous pepper, or of another cost.
  /// errors    503 service.busy
  Match verify(std::string_view password, const std::optional<std::string>& stored);

  /// Computations so far, for the test that every path does the same number.
  std::uint64_t computations() const { return computations_; }

 private:
  struct Pepper {
    std::string secret, id;
  };
  std::string peppered(const Pepper& pepper, std::string_view password) const;
  std::string bcrypt(const std::string& text, const std::string& setting);

  int cost_;
  Pepper current_;
  std::optional<Pepper> previous_;
  std::string dummy_setting_;
  std::binary_semaphore one_at_a_time_{1};
  std::atomic<std::uint64_t> computations_{0};
};

}  // namespace auth
