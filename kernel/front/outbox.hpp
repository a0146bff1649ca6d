// The bytes a connection still has to send: small answers packed into one text, large bodies kept whole.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/front/message.hpp"
#include "kernel/front/transport.hpp"

namespace kernel::front {

/// Texts with room, lent to outboxes by their event loop so that idle connections keep no buffers.
class SpareTexts {
 public:
  std::string take();
  void give_back(std::string&& text);

 private:
  std::vector<std::string> texts_;
};

class Outbox {
 public:
  explicit Outbox(SpareTexts& spares) noexcept : spares_(spares) {}

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// Lets `write(std::string&)` append to the text at the end.
  template <class Write>
  void append(Write write) {
    std::string& text = open_text();
    const std::size_t before = text.size();
    write(text);
    size_ += text.size() - before;
  }

  /// A body: copied behind its head when small, else sent from where it is.
  void append_body(std::string&& body);
  void append_body(std::shared_ptr<const std::string> body, Slice slice);

  /// Sends as much as the socket takes; `sent` counts the bytes. moved = everything is out.
  IoResult::State flush(Transport& transport, std::size_t& sent);

 private:
  struct Segment {
    std::string text;
    std::shared_ptr<const std::string> shared;
    std::string_view part;  // of what is shared
    bool open = false;      // may grow at its end

    std::string_view bytes() const noexcept { return shared ? part : std::string_view(text); }
  };
  std::string& open_text();
  void drop_sent(std::size_t bytes);

  SpareTexts& spares_;
  std::vector<Segment> segments_;
  std::size_t first_ = 0;          // segments before it are sent
  std::size_t sent_of_first_ = 0;  // bytes
  std::size_t size_ = 0;
};

}  // namespace kernel::front
