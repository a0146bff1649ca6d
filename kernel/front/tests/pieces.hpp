// Helpers for bodies that move in pieces.
#pragma once

#include <thread>

#include "kernel/front/inflow.hpp"
#include "kernel/front/outflow.hpp"
#include "kernel/front/tests/front_fixture.hpp"

namespace kernel::front::test {

inline std::chrono::steady_clock::time_point patience() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(20);
}

inline Response head_of(std::string_view type = "text/plain") {
  Response head;
  head.headers = {{"Content-Type", type}};
  return head;
}

/// What a client got until that text was in it, or until the end.
template <class Client>
std::string receive_until(Client& client, std::string_view text) {
  std::string all;
  while (all.find(text) == std::string::npos) {
    const std::string more = client.receive_some();
    if (more.empty()) break;
    all += more;
  }
  return all;
}

/// The data of a chunked body; nothing unless it ends with its last chunk.
inline std::optional<std::string> dechunk(std::string_view coded) {
  std::string data;
  for (;;) {
    const auto end = coded.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto size = std::stoul(std::string(coded.substr(0, end)), nullptr, 16);
    coded.remove_prefix(end + 2);
    if (coded.size() < size + 2 || coded.substr(size, 2) != "\r\n") return std::nullopt;
    data += coded.substr(0, size);
    coded.remove_prefix(size + 2);
    if (size == 0) return data;
  }
}

inline std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

/// Counts calls; a test waits for the first.
class Signal {
 public:
  std::function<void()> hook() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++count_;
      came_.notify_all();
    };
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return came_.wait_until(lock, patience(), [&] { return count_ > 0; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  int count_ = 0;
};

/// Writes in pieces until the window is full and stays so for a while, or the end: how much was taken.
inline std::size_t fill(Outflow& flow, std::chrono::milliseconds patient = std::chrono::milliseconds(300)) {
  const std::string piece(16 * 1024, 'x');
  std::size_t sum = 0;
  while (flow.write(piece, std::chrono::steady_clock::now() + patient) == Outflow::Result::fine)
    sum += piece.size();
  return sum;
}

}  // namespace kernel::front::test
