// SQL of the claims.
#include "store/link_claims.hpp"

namespace billing::store {

namespace {

// The row's lock makes a second claimer wait; it then compares with what the first one wrote.
constexpr auto kClaim = R"(
  INSERT INTO payment_links AS taken(user_id, invoice_id, minted_at) VALUES ($1::uuid, $2::text, clock_timestamp())
  ON CONFLICT (user_id, invoice_id) DO UPDATE SET minted_at = excluded.minted_at
    WHERE taken.minted_at <= excluded.minted_at - interval '60 seconds'
  RETURNING minted_at)";

constexpr auto kWait = R"(
  SELECT greatest(1, ceil(extract(epoch FROM minted_at + interval '60 seconds' - clock_timestamp())))::bigint
  FROM payment_links WHERE user_id = $1::uuid AND invoice_id = $2::text)";

constexpr auto kRelease = R"(
  DELETE FROM payment_links WHERE user_id = $1::uuid AND invoice_id = $2::text AND minted_at = $3::timestamptz)";

constexpr auto kForget = R"(
  DELETE FROM payment_links WHERE user_id = $1::uuid AND minted_at < clock_timestamp() - interval '1 day')";

}  // namespace

Claim claim_link(const portico::Database& database, const std::string& user_id,
                 const std::string& invoice_id) {
  static_assert(kLinkEvery == std::chrono::seconds(60), "the statements say 60 seconds too");
  return database.as_user(user_id, [&](portico::Transaction& tx) -> Claim {
    const auto taken = tx.run(kClaim, {user_id, invoice_id});
    if (!taken.empty()) {
      tx.run(kForget, {user_id});
      return {taken.time(0, 0), 0};
    }
    const auto wait = tx.run(kWait, {user_id, invoice_id});
    return {std::nullopt, wait.empty() ? 1 : static_cast<int>(wait.integer(0, 0))};
  });
}

void release_link(const portico::Database& database, const std::string& user_id,
                  const std::string& invoice_id, Moment minted_at) {
  database.as_user(user_id, [&](portico::Transaction& tx) {
    tx.run(kRelease, {user_id, invoice_id, minted_at});
  });
}

}  // namespace billing::store
