// Correlation ids: 128 random bits that tie the log lines, the answer and the upstream calls of one request.
#pragma once

#include <string>
#include <string_view>

namespace kernel::observe {

/// A new id: 128 bits from the system's generator, 26 characters of lower-case base 32 (0-9, a-z without i,
/// l, o, u). Throws std::system_error where the system gives no randomness.
std::string new_correlation_id();

/// True where an id sent by a caller may be used as it is: ^[A-Za-z0-9_-]{8,64}$.
bool is_correlation_id(std::string_view text) noexcept;

/// The caller's id where it is acceptable, otherwise a new one.
std::string correlation_id_for(std::string_view inbound);

}  // namespace kernel::observe
