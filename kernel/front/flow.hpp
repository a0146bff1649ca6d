// A body on its way in pieces between a connection and one other thread: what both directions share.
#pragma once

#include <atomic>
#include <memory>

namespace kernel::front {

class Connection;
class Mailbox;

/// Shared by the connection, while the body is its next one, and by whoever writes or reads it.
class Flow : public std::enable_shared_from_this<Flow> {
 public:
  virtual ~Flow() = default;
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  // The event loop's own.
  Connection* connection = nullptr;  // null before it is the connection's turn, and after the end

  /// The loop has taken the note and looks now: whatever changes from here on needs another.
  void note_taken() noexcept { noted_.store(false, std::memory_order_release); }

 protected:
  explicit Flow(std::shared_ptr<Mailbox> mailbox) noexcept : mailbox_(std::move(mailbox)) {}

  /// Any thread: makes the loop look at this body.
  void tell_loop();

 private:
  const std::shared_ptr<Mailbox> mailbox_;  // its loop's; outlives it, like that of an exchange
  std::atomic<bool> noted_{false};          // in the mailbox, not yet taken
};

}  // namespace kernel::front
