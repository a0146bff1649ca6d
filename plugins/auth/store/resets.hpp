// Rows of resets: a mailed link to choose a new password.
#pragma once

#include <optional>
#include <portico/database.hpp>
#include <string>

namespace auth {

inline constexpr int kResetLifetime_s = 30 * 60;

struct ResetRequested {
  bool known = false;
  bool may_mail = false;
  std::string email_as_typed;
  std::string language;
};

enum class ResetState { ok, used, expired };

struct FoundReset {
  ResetState state = ResetState::expired;
  std::string user_id;
};

namespace store {

ResetRequested request_reset(portico::Transaction& tx, std::string_view email, std::string_view token_sha256,
                             std::string_view mail_key, std::int64_t mail_limit);
FoundReset find_reset(portico::Transaction& tx, std::string_view token);
/// False when somebody was faster or the time is over.
bool use_reset(portico::Transaction& tx, std::string_view token);

}  // namespace store
}  // namespace auth
