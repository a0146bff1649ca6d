// What was ordered for which line, kept across restarts and shared by all replicas.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/rules.hpp"

namespace freebit {

/// sending: on its way, or cut off while it was. unknown: sent, and no answer came.
enum class EntryState { sending, unknown, accepted, done };

struct Entry {
  std::string operation_id;
  std::string account;
  Change change = Change::top_up;
  std::string wish;  // a digest of what was asked
  EntryState state = EntryState::sending;
  Seconds started_at;    // of the first try
  Seconds tried_at;      // of the last one
  Seconds effective_at;  // when the network makes it
  std::optional<Seconds> due_at;
};

class Journal {
 public:
  virtual ~Journal() = default;

  /// What is known before an order leaves.
  struct Known {
    std::optional<Entry> same;  // this operation_id, whatever its account
    std::vector<Entry> others;  // of the account, that may still matter
  };
  /// Runs decide while nobody else orders anything for the account; writes the entry when it says so. decide
  /// makes no calls.
  virtual bool claim(const Entry& wanted, const std::function<bool(const Known&)>& decide) = 0;
  virtual void settle(const std::string& operation_id, EntryState state, std::optional<Seconds> due_at) = 0;
  /// It surely was not carried out.
  virtual void forget(const std::string& operation_id) = 0;
  /// Drops what no rule and no repeat asks for any more.
  virtual void tidy(Seconds now) = 0;
};

/// Entries older than this do not matter to other changes.
inline constexpr std::chrono::hours kMatters{3};
/// A repeat of an operation is recognised for so long after it took effect.
inline constexpr std::chrono::hours kKept{24 * 60};

}  // namespace freebit
