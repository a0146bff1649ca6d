// Gathers segments into one sendmsg and gives buffers back when they are sent.
#include "kernel/front/outbox.hpp"

#include <array>

namespace kernel::front {

namespace {
constexpr std::size_t kCopiedBody = 8 * 1024;  // below, one more copy is cheaper than one more segment
constexpr std::size_t kFullText = 48 * 1024;   // a text that reached it is not grown further
constexpr std::size_t kKeptText = 64 * 1024;   // larger buffers go back to the system
constexpr std::size_t kSpares = 64;
constexpr std::size_t kGathered = 32;
}  // namespace

std::string SpareTexts::take() {
  if (texts_.empty()) return {};
  std::string text = std::move(texts_.back());
  texts_.pop_back();
  return text;
}

void SpareTexts::give_back(std::string&& text) {
  if (text.capacity() > kKeptText || texts_.size() >= kSpares) return;
  text.clear();
  texts_.push_back(std::move(text));
}

std::string& Outbox::open_text() {
  if (segments_.empty() || !segments_.back().open || segments_.back().text.size() >= kFullText) {
    segments_.push_back({spares_.take(), nullptr, {}, true});
  }
  return segments_.back().text;
}

void Outbox::append_body(std::string&& body) {
  if (body.empty()) return;
  if (body.size() <= kCopiedBody) {
    append([&](std::string& text) { text.append(body); });
    return;
  }
  size_ += body.size();
  segments_.push_back({std::move(body), nullptr, {}, false});
}

void Outbox::append_body(std::shared_ptr<const std::string> body, Slice slice) {
  const std::string_view part = std::string_view(*body).substr(slice.from, slice.size);
  if (part.empty()) return;
  if (part.size() <= kCopiedBody) {
    append([&](std::string& text) { text.append(part); });
    return;
  }
  size_ += part.size();
  segments_.push_back({{}, std::move(body), part, false});
}

IoResult::State Outbox::flush(Transport& transport, std::size_t& sent) {
  sent = 0;
  while (size_ > 0) {
    std::array<iovec, kGathered> parts;
    int count = 0;
    std::size_t skip = sent_of_first_;
    for (std::size_t i = first_; i < segments_.size() && count < static_cast<int>(kGathered); ++i) {
      const std::string_view bytes = segments_[i].bytes().substr(skip);
      skip = 0;
      parts[static_cast<std::size_t>(count++)] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
    const IoResult result = transport.write(parts.data(), count);
    if (result.state != IoResult::State::moved) return result.state;
    sent += result.bytes;
    drop_sent(result.bytes);
  }
  return IoResult::State::moved;
}

void Outbox::drop_sent(std::size_t bytes) {
  size_ -= bytes;
  while (first_ < segments_.size()) {
    Segment& segment = segments_[first_];
    const std::size_t left = segment.bytes().size() - sent_of_first_;
    if (bytes < left) {
      sent_of_first_ += bytes;
      // What is half sent stays where it is: TLS wants the same bytes again, and a growing text may move.
      segment.open = false;
      return;
    }
    bytes -= left;
    sent_of_first_ = 0;
    if (segment.open) spares_.give_back(std::move(segment.text));
    segment = Segment();
    ++first_;
  }
  segments_.clear();
  first_ = 0;
}

}  // namespace kernel::front
