// The options of a transfer, and the table from libcurl's result codes to our outcomes.
#include "kernel/outbound/transfer.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "kernel/outbound/body_pipe.hpp"

namespace kernel::outbound {

Transfer::Transfer() : handle_(::curl_easy_init()) {
  if (!handle_) throw std::bad_alloc();
}

template <class Value>
void Transfer::set(CURLoption option, Value value) {
  const CURLcode code = ::curl_easy_setopt(handle_.get(), option, value);
  if (code != CURLE_OK) throw std::runtime_error(std::string("curl option: ") + ::curl_easy_strerror(code));
}

void Transfer::prepare(const UpstreamSettings& settings, const Request& request, const std::string& url,
                       std::chrono::milliseconds time) {
  ::curl_easy_reset(handle_.get());
  error_[0] = '\0';
  pipe_ = request.pipe.get();
  waits_for_reader_ = false;
  heard_at_ = Clock::now();
  reply_.start({settings.header_limit, settings.body_limit, pipe_ ? pipe_->body_limit() : 0,
                settings.accept_unframed, request.method == "HEAD"});
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name look-up that hangs must not hold the event thread when its call ends
  set_address(settings, url);
  set_method(request);
  set_headers(request);
  set_times(settings, time);
  // libcurl repeats a request by itself when a kept connection dies before a reply byte. The upstream may
  // have acted by then, so a write takes a new connection, where libcurl does not do that.
  set(CURLOPT_FRESH_CONNECT, request.kind == Kind::write ? 1L : 0L);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
}

void Transfer::set_address(const UpstreamSettings& settings, const std::string& url) {
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // not even one from the environment
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_HTTP_VERSION,
      static_cast<long>(settings.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, settings.verify_tls ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, settings.verify_tls ? 2L : 0L);
  if (!settings.ca_file.empty()) {
    set(CURLOPT_CAINFO, settings.ca_file.c_str());
    set(CURLOPT_CAPATH,
        static_cast<const char*>(nullptr));  // that file alone, not the system's folder beside it
  }
}

void Transfer::set_method(const Request& request) {
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method == "GET") {
    set(CURLOPT_HTTPGET, 1L);
    return;
  }
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.body.empty() || request.method != "DELETE") {
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
}

void Transfer::set_headers(const Request& request) {
  curl_slist* list = nullptr;
  const auto append = [&](const std::string& line) {
    curl_slist* longer = ::curl_slist_append(list, line.c_str());
    if (!longer) {
      ::curl_slist_free_all(list);
      throw std::bad_alloc();
    }
    list = longer;
  };
  bool has_type = false;
  bool has_agent = false;
  const auto same = [](std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
  };
  append("Expect:");  // no 100-continue round trip: bodies are small
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || same(name, "Content-Type");
    has_agent = has_agent || same(name, "User-Agent");
    append(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!has_type) append("Content-Type:");  // libcurl would claim a form
  if (!has_agent) append("User-Agent: Portico");
  headers_.reset(list);
  set(CURLOPT_HTTPHEADER, list);
}

void Transfer::set_times(const UpstreamSettings& settings, std::chrono::milliseconds time) {
  const long total = std::max(1L, static_cast<long>(time.count()));
  set(CURLOPT_TIMEOUT_MS, total);
  set(CURLOPT_CONNECTTIMEOUT_MS,
      std::min(total, std::max(1L, static_cast<long>(settings.connect_timeout.count()))));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_MAXAGE_CONN, 60L);  // idle seconds; most servers drop a kept connection sooner or later
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  try {
    return static_cast<Transfer*>(self)->reply_.header_line({data, bytes}) ? bytes : 0;
  } catch (...) {
    return 0;  // out of memory: ends as a failed write
  }
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  try {
    return static_cast<Transfer*>(self)->take_piece({data, bytes});
  } catch (...) {
    return bytes + 1;  // anything but bytes stops the transfer, also where bytes is 0
  }
}

std::size_t Transfer::take_piece(std::string_view bytes) {
  if (!reply_.streams()) return reply_.body_bytes(bytes) ? bytes.size() : bytes.size() + 1;
  heard_at_ = Clock::now();
  waits_for_reader_ = pipe_->full();
  if (waits_for_reader_) return CURL_WRITEFUNC_PAUSE;  // comes again when it goes on
  if (!reply_.body_bytes(bytes)) return bytes.size() + 1;
  if (!pipe_->begun()) {
    Response head;
    head.status = reply_.status();
    head.headers = reply_.headers();
    pipe_->begin(std::move(head));
  }
  pipe_->push(bytes);
  return bytes.size();
}

Attempt Transfer::finish(CURLcode code) {
  Attempt attempt;
  long request_bytes = 0;
  ::curl_easy_getinfo(handle_.get(), CURLINFO_REQUEST_SIZE, &request_bytes);
  attempt.may_have_been_sent = request_bytes > 0;
  attempt.outcome = judge(code, attempt.may_have_been_sent);
  if (code == CURLE_OK && reply_.fault() == ReplyReader::Fault::none && reply_.complete_headers()) {
    attempt.status = reply_.status();
    curl_off_t retry_after = 0;
    const bool said = ::curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK;
    if (said && retry_after > 0) attempt.retry_after_s = static_cast<long>(retry_after);
  } else {
    attempt.detail = !reply_.why().empty() ? reply_.why()
                     : error_[0]           ? error_
                     : code == CURLE_OK    ? "ended inside the headers"
                                           : ::curl_easy_strerror(code);
  }
  headers_.reset();
  return attempt;
}

Outcome Transfer::judge(CURLcode code, bool sent) const {
  switch (reply_.fault()) {
    case ReplyReader::Fault::too_large:
      return Outcome::too_large;
    case ReplyReader::Fault::malformed:
      return Outcome::bad_reply;
    case ReplyReader::Fault::none:
      break;
  }
  switch (code) {
    case CURLE_OK:
      // libcurl calls a reply that ends inside its headers complete.
      return reply_.complete_headers() ? outcome_of_status(reply_.status()) : Outcome::unavailable;
    case CURLE_OPERATION_TIMEDOUT:
      return sent ? Outcome::timeout : Outcome::unavailable;  // not even connected
    case CURLE_FILESIZE_EXCEEDED:
      return Outcome::too_large;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Outcome::tls;
    case CURLE_UNSUPPORTED_PROTOCOL:  // what libcurl calls a reply without a status line (HTTP/0.9)
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
      return Outcome::bad_reply;
    case CURLE_RECV_ERROR:
      // One code for a lost connection and for broken chunk framing; only the text tells them apart.
      return std::string_view(error_).find("chunk") != std::string_view::npos ? Outcome::bad_reply
                                                                              : Outcome::unavailable;
    default:
      return Outcome::unavailable;  // no name, no connection, reset, cut off
  }
}

}  // namespace kernel::outbound
