// The limits on guessing, and what is counted. The counting itself is one SQL statement (count_try).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace auth {

inline constexpr int kTriesPerAccount = 10;
inline constexpr int kTriesPerAddress = 50;
inline constexpr int kTriesWindow_s = 15 * 60;
inline constexpr int kLongestLock_s = 24 * 60 * 60;
inline constexpr int kStreakLimit = 100;  // tries without a success between: the longest lock at once

/// Seconds of the 1st, 2nd, … lock in a row: 15 minutes, doubling up to a day.
std::vector<int> lock_schedule();
/// The same as a PostgreSQL array literal, "{900,1800,…}".
std::string lock_schedule_literal();

/// The network an address belongs to: /24 of IPv4 (also when mapped into IPv6), /56 of IPv6, as text. Text
/// that is no address is its own network.
std::string address_prefix(std::string_view address);

/// Keyed hashes under which tries are counted; they name nobody.
class TryKeys {
 public:
  explicit TryKeys(const std::string& secret);
  std::string address(std::string_view client_address) const;
  std::string account(std::string_view email) const;
  std::string device(std::string_view email, std::string_view device_sha256) const;
  std::string proof(std::string_view user_id) const;       // asking for the password again in a session
  std::string sign_up(std::string_view sign_up_id) const;  // opening the link in another browser
  std::string mail(std::string_view email) const;          // mails nobody may flood an address with

 private:
  std::string key(std::string_view kind, std::string_view what) const;
  std::string secret_;
};

}  // namespace auth
