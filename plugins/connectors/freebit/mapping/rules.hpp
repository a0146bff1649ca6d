// How changes of one line stand in each other's way, and how long each takes: data.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/calendar.hpp"

namespace freebit {

enum class Change { top_up, plan, voice, network, activation, reissue, cancel };

std::string_view name_of(Change change);
/// errors: Problem 500 internal for a word that is none
Change change_of(std::string_view name);

/// repeatable  sending it once more after it was looked for and not seen does no harm
struct ChangeRow {
  Change change;
  std::string_view name;
  std::chrono::minutes takes;  // from being accepted to being done; 0 is at once
  bool repeatable;
};
const ChangeRow& row_of(Change change);

struct Spacing {
  std::chrono::minutes network_lock{30};  // after a change of network nothing else may come
  std::chrono::minutes apart{30};         // between voice options, network and plan
};

/// An earlier change of the same line.
struct Earlier {
  Change change;
  bool sending = false;  // nobody knows yet whether it went through
  Seconds tried_at, effective_at;
};

/// The moment from which `wanted`, to take effect at `effective_at`, may be ordered; nothing where it may be
/// now.
std::optional<Seconds> blocked_until(const std::vector<Earlier>& earlier, Change wanted, Seconds effective_at,
                                     Seconds now, const Spacing& spacing);

/// A call that has been on its way for so long has ended, whatever became of it.
inline constexpr std::chrono::seconds kOnItsWay{60};
/// After so long what was not carried out will not be.
inline constexpr std::chrono::seconds kSettled{120};

}  // namespace freebit
