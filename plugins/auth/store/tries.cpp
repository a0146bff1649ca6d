// The statements that count.
#include "store/tries.hpp"

#include "domain/digest.hpp"
#include "domain/refresh_token.hpp"

namespace auth {

using portico::Parameter;

void refuse_if_waiting(int wait_s) {
  if (wait_s > 0) throw portico::Problem(429, "auth.too_many_attempts", "too many tries", wait_s);
}

namespace store {

SignInStart begin_sign_in(portico::Transaction& tx, const TryKeys& keys, std::string_view email,
                          std::string_view device, std::string_view client_address) {
  std::optional<std::string> device_sha;
  if (is_token(device)) device_sha = sha256(device);
  const auto address_key = keys.address(client_address), account_key = keys.account(email);
  const auto device_key = keys.device(email, device_sha.value_or(""));
  const auto rows = tx.run(
      "SELECT wait_s, known_device, user_id, password_hash, active FROM begin_sign_in($1, $2, $3, $4, $5, "
      "$6::int, $7::int, "
      "$8::int, $9::int[], $10::int)",
      {email, device_sha ? Parameter::bytes(*device_sha) : Parameter(nullptr), Parameter::bytes(address_key),
       Parameter::bytes(account_key), Parameter::bytes(device_key), kTriesPerAccount, kTriesPerAddress,
       kTriesWindow_s, lock_schedule_literal(), kStreakLimit});
  SignInStart out;
  out.wait_s = static_cast<int>(rows.integer(0, 0));
  out.known_device = rows.boolean(0, 1);
  if (out.wait_s == 0 && !rows.null(0, 4) && rows.boolean(0, 4)) {
    out.user_id = rows.text_or_null(0, 2);
    out.password_hash = rows.text_or_null(0, 3);
  }
  return out;
}

int count_password_try(portico::Transaction& tx, std::string_view key, std::string_view address_key) {
  const auto rows = tx.run(
      "SELECT CASE WHEN a.wait > 0 THEN a.wait ELSE count_try($2, $3::int, $5::int, $6::int[], $7::int) END "
      "FROM (SELECT count_try($1, $4::int, $5::int, ARRAY[$5::int], 2147483647) AS wait OFFSET 0) a",
      {Parameter::bytes(address_key), Parameter::bytes(key), kTriesPerAccount, kTriesPerAddress,
       kTriesWindow_s, lock_schedule_literal(), kStreakLimit});
  return static_cast<int>(rows.integer(0, 0));
}

void forgive(portico::Transaction& tx, std::string_view key, std::string_view address_key) {
  tx.run("SELECT forgive_tries($1, $2)", {Parameter::bytes(key), Parameter::bytes(address_key)});
}

}  // namespace store
}  // namespace auth
