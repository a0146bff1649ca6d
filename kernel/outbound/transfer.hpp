// One attempt on a libcurl easy handle, which is reused for the next one.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>

#include "kernel/outbound/outcome.hpp"
#include "kernel/outbound/reply.hpp"

namespace kernel::outbound {

/// How one attempt ended.
struct Attempt {
  Outcome outcome = Outcome::unavailable;
  int status = 0;      // 0 where there is no reply
  std::string detail;  // for the log: never the address's query, a header or a body
  bool may_have_been_sent = true;
  long retry_after_s = -1;  // what the upstream said; -1: nothing
};

class Transfer {
 public:
  Transfer();

  /// Readies the handle. request must stay where it is until the transfer ends.
  ///
  /// url   joined and checked
  /// time  for the whole attempt, at least 1 ms; for a streamed body until the call's deadline
  void prepare(const UpstreamSettings& settings, const Request& request, const std::string& url,
               std::chrono::milliseconds time);

  CURL* handle() const noexcept { return handle_.get(); }

  // Of a streamed body:
  /// Since when there is silence, unless it waits for its reader.
  Clock::time_point heard_at() const noexcept { return heard_at_; }
  bool waits_for_reader() const noexcept { return waits_for_reader_; }

  /// Judges the ended transfer; the reply's parts can be taken once afterwards.
  Attempt finish(CURLcode code);
  ReplyReader& reply() noexcept { return reply_; }

 private:
  struct FreeHandle {
    void operator()(CURL* h) const noexcept { ::curl_easy_cleanup(h); }
  };
  struct FreeList {
    void operator()(curl_slist* l) const noexcept { ::curl_slist_free_all(l); }
  };

  template <class Value>
  void set(CURLoption option, Value value);
  void set_address(const UpstreamSettings& settings, const std::string& url);
  void set_method(const Request& request);
  void set_headers(const Request& request);
  void set_times(const UpstreamSettings& settings, std::chrono::milliseconds time);

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  Outcome judge(CURLcode code, bool sent) const;

  std::unique_ptr<CURL, FreeHandle> handle_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::size_t take_piece(std::string_view bytes);

  ReplyReader reply_;
  BodyPipe* pipe_ = nullptr;  // of the request
  bool waits_for_reader_ = false;
  Clock::time_point heard_at_{};
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace kernel::outbound
