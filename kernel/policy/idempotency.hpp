// Idempotency keys: a write that a client may send again takes effect once.
#pragma once

#include <chrono>
#include <string_view>

#include "kernel/database/connection.hpp"
#include "kernel/policy/call.hpp"

namespace kernel::policy {

/// The header, bare or as a quoted string; its length in characters. source: reliability, "Idempotency keys"
inline constexpr std::string_view kIdempotencyHeader = "idempotency-key";
inline constexpr std::size_t kIdempotencyKeyLeast = 20, kIdempotencyKeyMost = 100;
/// Of an answer; a larger one is not kept, and a repeat is told that the write was done.
inline constexpr std::size_t kKeptBody = 256 * 1024;
/// How long beyond the request's deadline a key stays claimed by an attempt that nobody has heard of again.
inline constexpr std::chrono::seconds kClaimMargin{5};
inline constexpr std::chrono::hours kKeepAnswers{72};

/// Whether a route's requests may carry a key: signed-in POST, PATCH and DELETE, neither secret nor streamed.
bool takes_idempotency_key(const loader::RouteSpec& spec);

/// Stores an answer in the transaction. errors    409 idempotency.superseded
void keep_answer(database::Transaction& transaction, const KeyClaim& claim, const front::Response& response);

/// The handler has answered: below 400 the answer is kept, else the key is free again. Never throws: an
/// answer that cannot be stored is given all the same, and the key stays claimed until its time is up.
void settle_key(Call& call, const front::Response& response) noexcept;
/// The handler has failed: the key is free again.
void release_key(Call& call) noexcept;
/// The handler has begun an answer that cannot be kept, and a repeat is told so.
void settle_key_without_copy(Call& call) noexcept;

/// Deletes what is older than kKeepAnswers.
void forget_old_keys(database::Pool& pool);

}  // namespace kernel::policy
