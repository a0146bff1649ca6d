// A request as it was read and an answer as it is to be sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/front/limits.hpp"

namespace kernel::front {

/// ASCII case-insensitive equality: header names, tokens, host names.
bool same_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Header fields in the order they came: names and values are views into one owned text.
/// Values keep the bytes of the wire (trimmed); nothing is decoded.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  std::size_t size() const noexcept { return slots_.size(); }
  Field operator[](std::size_t i) const noexcept;

  /// The first field of that name, whatever its case; nothing when absent.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

  void add(std::string_view name, std::string_view value);
  void clear() noexcept;

  class Iterator {
   public:
    Iterator(const Headers& headers, std::size_t at) : headers_(&headers), at_(at) {}
    Field operator*() const noexcept { return (*headers_)[at_]; }
    Iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const noexcept { return at_ == other.at_; }

   private:
    const Headers* headers_;
    std::size_t at_;
  };
  Iterator begin() const noexcept { return {*this, 0}; }
  Iterator end() const noexcept { return {*this, slots_.size()}; }

 private:
  friend class HeadParser;

  // Offsets, not pointers: a moved short string takes its bytes along.
  struct Slot {
    std::uint32_t name, name_size, value, value_size;
  };
  std::string text_;
  std::vector<Slot> slots_;
};

/// What is known of a request before its body.
struct Head {
  std::string method;     // one of GET HEAD POST PUT PATCH DELETE OPTIONS
  std::string target;     // as sent
  std::string path;       // still percent-encoded, begins with '/' ("*" for OPTIONS *); see url.hpp
  std::string query;      // still encoded, without '?'
  int minor_version = 1;  // HTTP/1.0 or HTTP/1.1
  Headers headers;
  bool keep_alive = true;  // what the client asks for
};

/// The body limit of a request in bytes, asked once when its head is complete and before any 100 Continue.
/// Empty means Limits::body. Must not block.
using BodyLimit = std::function<std::uint64_t(const Head&)>;

/// Is the body to be read in pieces by who answers, who is then called as soon as the head is complete? Asked
/// once, for a request with a body. Must not block.
using StreamedBody = std::function<bool(const Head&)>;

/// May the body come at all? Asked before a 100 Continue; a refusal is sent in its place, so that the client
/// keeps its body. Must not block.
using BodyGate = std::function<std::optional<Refusal>(const Head&)>;

struct Request : Head {
  std::string body;          // complete, transfer coding removed; empty where it is read in pieces
  std::string peer_address;  // of the socket, without port; who the client is behind a proxy is policy
  std::chrono::steady_clock::time_point received;  // when its last byte was there

  /// Empties everything and keeps the memory for the next request.
  void clear() noexcept;
};

/// May a body be made smaller by gzip on its way out? Only the handler knows whether a secret and something
/// the client chose stand in one body (BREACH), so the default is no.
enum class Compression : std::uint8_t { never, allowed };

/// A part of a shared body, in bytes.
struct Slice {
  std::size_t from = 0;
  std::size_t size = std::string::npos;
};

/// The header fields of an answer, kept as the lines that are sent. The front adds Date, Content-Length and
/// Connection by itself: they, Keep-Alive and Transfer-Encoding are left out here.
class AnswerHeaders {
 public:
  using Field = std::pair<std::string_view, std::string_view>;

  AnswerHeaders() = default;
  AnswerHeaders(std::initializer_list<Field> fields);

  void add(std::string_view name, std::string_view value);

  /// The value of the first field of that name, whatever its case; nothing when absent.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

  /// Says of a strong entity tag that it is a weak one; others stay as they are.
  void weaken_entity_tag();

  /// "Name: value\r\n" for each.
  std::string_view lines() const noexcept { return lines_; }
  /// False when a name was no token or a value had control bytes: a handler that lets a client's text into a
  /// header must not split the answer.
  bool are_sendable() const noexcept { return sendable_; }

 private:
  std::string lines_;
  bool sendable_ = true;
};

struct Response {
  int status = 200;
  AnswerHeaders headers;
  std::string body;
  std::shared_ptr<const std::string> shared_body;  // instead of body; shared with a cache, never copied
  Slice slice;                                     // of the shared body, what is sent
  std::shared_ptr<const std::string> gzipped;      // of shared_body, where somebody keeps it
  std::shared_ptr<const std::string>
      head_fragment;  // ready-made "Name: value\r\n" lines, shared with a cache
  Compression compression = Compression::never;
  bool close = false;  // close the connection after this answer

  std::string_view content() const noexcept {
    return shared_body ? std::string_view(*shared_body).substr(slice.from, slice.size)
                       : std::string_view(body);
  }
};

/// The reason phrase of a status; "Unknown" for one that has none.
std::string_view reason_phrase(int status) noexcept;

}  // namespace kernel::front
