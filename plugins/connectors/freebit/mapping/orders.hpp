// One order from its first try to its settled outcome: journal, spacing, sending, reading back.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <portico/contracts/mobile.hpp>

#include "client/api.hpp"
#include "mapping/journal.hpp"

namespace freebit {

/// What an operation wants done.
struct Order {
  std::string operation_id;
  std::string account;
  Change change = Change::top_up;
  boost::json::value wish;  // the operation's arguments: a repeat must be the same
  Seconds effective_at;
  /// What may be true today and not tomorrow; asked once, before the first try. May be empty. errors:
  /// Problems
  std::function<void()> check;
  /// Sends it. repeated: an earlier try may have arrived.
  std::function<void(bool repeated)> send;
  /// Reads back: done or accepted where the effect is seen, nothing where it is not.
  std::function<std::optional<EntryState>()> look;
  bool immediate = false;  // done when the answer comes, whatever the table says
};

class Orders {
 public:
  struct Setting {
    Spacing spacing;
    std::function<Seconds()> now;
    std::function<std::string(std::string_view)> digest;  // of a wish; one way
    /// Notes for the log, without personal data.
    std::function<void(std::string_view message, std::string_view operation_id, std::string_view detail)>
        note;
  };
  Orders(Journal& journal, Setting setting) : journal_(journal), setting_(std::move(setting)) {}

  /// errors: 409 mobile.operation_id_reused; 422 mobile.invalid_request; upstream.* and database.* where it
  /// surely was not sent
  portico::mobile::Outcome run(const Order& order);

 private:
  portico::mobile::Outcome repeat(const Order& order, const Entry& entry);
  portico::mobile::Outcome send(const Order& order, bool repeated);
  portico::mobile::Outcome settled(const Order& order, EntryState state);
  portico::mobile::Outcome unknown(Seconds ask_again) const;
  /// look, where every failure means: not seen.
  std::optional<EntryState> seen(const Order& order);

  Journal& journal_;
  const Setting setting_;
};

}  // namespace freebit
