// How the C++ layer crosses the C ABI: strings, leases, and exceptions to statuses and back.
#pragma once

#include <portico/abi/host.h>

#include <boost/json.hpp>
#include <cstring>
#include <portico/problem.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace portico {

inline portico_str to_str(std::string_view text) noexcept {
  return {text.data(), text.size()};
}
inline std::string_view view(portico_str text) noexcept {
  return {text.data, static_cast<std::size_t>(text.size)};
}

/// A leased output; gives itself back.
class Leased {
 public:
  Leased(const portico_host* host, portico_buffer buffer) noexcept : host_(host), buffer_(buffer) {}
  Leased(Leased&& other) noexcept : host_(other.host_), buffer_(std::exchange(other.buffer_, {})) {}
  Leased& operator=(Leased&&) = delete;
  ~Leased() {
    if (buffer_.lease) host_->release(host_, buffer_.lease);
  }
  std::string_view text() const noexcept { return {buffer_.data, static_cast<std::size_t>(buffer_.size)}; }
  std::string str() const { return std::string(text()); }

 private:
  const portico_host* host_;
  portico_buffer buffer_;
};

namespace call {

template <std::size_t N>
void copy_text(char (&out)[N], std::string_view text) noexcept {
  const auto n = std::min(text.size(), N - 1);
  std::memcpy(out, text.data(), n);
  out[n] = '\0';
}

inline portico_error empty_error() noexcept {
  portico_error error;
  error.size = sizeof error;
  error.status = 0;
  error.retry_after_s = 0;
  error.reserved = 0;
  error.code[0] = error.detail[0] = error.members[0] = '\0';
  return error;
}

inline portico_status fill(portico_error* error, const Problem& problem) noexcept {
  if (!error) return PORTICO_E_PROBLEM;
  error->status = problem.status;
  error->retry_after_s = problem.retry_after_s;
  copy_text(error->code, problem.code);
  copy_text(error->detail, problem.detail);
  error->members[0] = '\0';
  try {
    const auto members = problem.members.empty() ? std::string() : boost::json::serialize(problem.members);
    if (members.size() < sizeof error->members) copy_text(error->members, members);
  } catch (...) {
  }
  return PORTICO_E_PROBLEM;
}

/// What the other side has written, also where it forgot the NUL.
template <std::size_t N>
std::string_view text_in(const char (&text)[N]) noexcept {
  return {text, ::strnlen(text, N)};
}

inline Problem problem_of(const portico_error& error) {
  boost::json::object members;
  if (error.members[0]) {
    boost::json::error_code ec;
    auto parsed = boost::json::parse(text_in(error.members), ec);
    if (!ec && parsed.is_object()) members = std::move(parsed.get_object());
  }
  return Problem(error.status, std::string(text_in(error.code)), std::string(text_in(error.detail)),
                 error.retry_after_s, std::move(members));
}

/// Throws what a status means.
inline void check(portico_status status, const portico_error& error, const char* what) {
  if (status == PORTICO_OK) return;
  if (status == PORTICO_E_PROBLEM && error.status) throw problem_of(error);
  throw Problem(500, "sdk.call_failed",
                std::string(what) + ": status " + std::to_string(status) + (error.detail[0] ? ": " : "") +
                    std::string(text_in(error.detail)));
}

/// Runs fn for the host; no exception leaves.
template <class Fn>
portico_status guard(portico_error* error, Fn&& fn) noexcept {
  try {
    fn();
    return PORTICO_OK;
  } catch (const Problem& problem) {
    return fill(error, problem);
  } catch (const std::exception& other) {
    return fill(error, Problem(500, "internal", other.what()));
  } catch (...) {
    return fill(error, Problem(500, "internal", "an exception of unknown type"));
  }
}

/// An extension's table, asked for once.
template <class Table>
class Extension {
 public:
  /// first_size: of the table as the first minor had it, where a later one has added to its end
  Extension(const portico_host* host, const char* id, std::size_t first_size = sizeof(Table)) noexcept
      : table_(static_cast<const Table*>(host->extension(host, id))), id_(id) {
    // Shorter than what every host of the major offers: as good as none.
    if (table_ && table_->size < first_size) table_ = nullptr;
  }
  /// The table, where the host's is new enough to have what ends at that size.
  const Table* with(std::size_t size) const {
    const auto* table = operator->();
    if (table->size < size)
      throw Problem(500, "sdk.host_too_old", std::string(id_) + " of this host lacks the function");
    return table;
  }
  const Table* operator->() const {
    if (!table_)
      throw Problem(500, "sdk.extension_missing",
                    std::string(id_) + " is not in the manifest or not offered");
    return table_;
  }
  explicit operator bool() const noexcept { return table_ != nullptr; }

 private:
  const Table* table_;
  const char* id_;
};

}  // namespace call
}  // namespace portico
