// portico.outbound/1: upstreams that answer from the test's script.
#include <fmt/format.h>
#include <portico/abi/outbound.h>

#include <algorithm>
#include <cstring>

#include "state.hpp"

namespace portico::testkit {

std::string_view UpstreamRequest::header(std::string_view name) const {
  return first_of(headers, name);
}

std::string UpstreamRequest::line() const {
  return method + " " + path + (operation.empty() ? "" : " (" + operation + ")");
}

Expectation& Expectation::operation(std::string name) {
  operation_ = std::move(name);
  return *this;
}
Expectation& Expectation::with_header(std::string name, std::string value) {
  headers_.emplace_back(std::move(name), std::move(value));
  return *this;
}
Expectation& Expectation::with_body_containing(std::string text) {
  texts_.push_back(std::move(text));
  return *this;
}
Expectation& Expectation::reply(int status, std::string body, std::string content_type) {
  return reply(UpstreamReply{status, std::move(body), std::move(content_type)});
}
Expectation& Expectation::reply(UpstreamReply whole) {
  reply_ = std::move(whole);
  return *this;
}
Expectation& Expectation::times_out() {
  return fails(Problem(504, "upstream.timeout", "the script says that it times out"));
}
Expectation& Expectation::is_cut() {
  return fails(Problem(503, "upstream.unavailable", "the script says that the connection is cut", 5));
}
Expectation& Expectation::is_refused() {
  return fails(
      OutboundProblem(Problem(503, "upstream.unavailable", "the script says that nobody listens", 5), false));
}
Expectation& Expectation::fails(OutboundProblem problem) {
  failure_ = std::make_shared<OutboundProblem>(std::move(problem));
  return *this;
}

std::string Expectation::line() const {
  auto out = method_ + " " + path_ + (operation_.empty() ? "" : " (" + operation_ + ")");
  for (const auto& [name, value] : headers_) out += fmt::format(", {}: {}", name, value);
  for (const auto& text : texts_) out += fmt::format(", body with '{}'", text);
  return out;
}

std::string Expectation::difference(const UpstreamRequest& request) const {
  if (request.method != method_ || request.path != path_ ||
      (!operation_.empty() && operation_ != request.operation))
    return "another request";
  for (const auto& [name, value] : headers_)
    if (request.header(name) != value) return fmt::format("{} is '{}'", name, request.header(name));
  for (const auto& text : texts_)
    if (request.body.find(text) == std::string::npos) return fmt::format("the body has no '{}'", text);
  return {};
}

Expectation& Upstream::expect(std::string method, std::string path) {
  const std::lock_guard lock(mutex_);
  return *script_.emplace_back(std::make_unique<Expectation>(std::move(method), std::move(path)));
}

void Upstream::answer_all(Answerer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

std::vector<UpstreamRequest> Upstream::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int Upstream::bad_replies() const {
  const std::lock_guard lock(mutex_);
  return bad_replies_;
}

void Upstream::report_bad_reply() {
  const std::lock_guard lock(mutex_);
  ++bad_replies_;
}

std::vector<std::string> Upstream::missing() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& expected : script_)
    out.push_back(fmt::format("upstream {}: expected and never asked: {}", name_, expected->line()));
  return out;
}

UpstreamReply Upstream::take(const UpstreamRequest& request, std::vector<std::string>& faults) {
  Answerer answer;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    const auto difference = script_.empty() ? std::string() : script_.front()->difference(request);
    if (!script_.empty() && difference.empty()) {
      auto expected = std::move(script_.front());
      script_.pop_front();
      const auto& met = *met_.emplace_back(std::move(expected));
      if (met.failure_) throw OutboundProblem(*met.failure_);
      return met.reply_;
    }
    if (!answer_) {
      faults.push_back(fmt::format(
          "upstream {}: a request that is not expected{}\n  asked:    {}\n  body:     {}\n  expected: {}",
          name_, difference.empty() ? "" : " (" + difference + ")", request.line(),
          request.body.empty() ? "none" : request.body.substr(0, 500),
          script_.empty() ? "nothing more" : script_.front()->line()));
      throw Problem(503, "upstream.unavailable", "the test's script does not expect this request");
    }
    answer = answer_;
  }
  return answer(request);
}

namespace {

constexpr std::uint64_t kPiece = 4096;  // what one read gives at most, so that loops are tried

struct Answered {
  UpstreamReply reply;
  std::string headers;
};

Problem broken_off() {
  return Problem(503, "upstream.unavailable", "the script says that the connection breaks in the body", 5);
}

/// What the upstream answers; out's fields but for the body.
std::shared_ptr<Answered> ask(State& s, const portico_outbound_request* raw, portico_outbound_response* out) {
  UpstreamRequest request{text_of(raw->upstream),
                          raw->lane.size ? text_of(raw->lane) : "standard",
                          text_of(raw->operation),
                          text_of(raw->method),
                          text_of(raw->path),
                          text_of(raw->body),
                          {},
                          raw->kind == PORTICO_OUTBOUND_WRITE};
  for (std::uint64_t i = 0; i < raw->header_count; ++i)
    request.headers.emplace_back(text_of(raw->headers[i].name), text_of(raw->headers[i].value));
  if (!s.manifest.names(s.manifest.upstreams, request.upstream))
    s.not_in_manifest("upstream " + request.upstream, "outbound");
  s.check_no_transaction("upstream " + request.upstream + " was called");
  Upstream* upstream = nullptr;
  {
    const std::lock_guard lock(s.mutex);
    auto& slot = s.upstreams[request.upstream];
    if (!slot) slot = std::make_unique<Upstream>(request.upstream);
    upstream = slot.get();
  }
  out->status = 0, out->may_have_been_sent = 1, out->attempts = 1, out->body = {};
  std::vector<std::string> faults;
  auto answered = std::make_shared<Answered>();
  try {
    answered->reply = upstream->take(request, faults);
  } catch (const OutboundProblem& problem) {
    out->may_have_been_sent = problem.may_have_been_sent ? 1 : 0;
    throw;
  } catch (...) {
    for (auto& fault : faults) s.fault(std::move(fault));
    throw;
  }
  const auto& reply = answered->reply;
  answered->headers = "content-type: " + reply.content_type + "\n";
  for (const auto& [name, value] : reply.headers) answered->headers += name + ": " + value + "\n";
  out->status = reply.status;
  out->content_type = to_str(reply.content_type), out->headers = to_str(answered->headers);
  return answered;
}

portico_status call_one(const portico_host* host, const portico_outbound_request* raw,
                        portico_outbound_response* out, portico_error* error) {
  return host_call(host, {"outbound.call", kRequest | kTask}, error, [&](State& s) {
    const auto answered = ask(s, raw, out);
    if (answered->reply.cut_after) throw broken_off();
    const auto& body = answered->reply.body;
    out->body = {body.data(), body.size(), s.lease(answered, "outbound.call")};
  });
}

portico_status open_one(const portico_host* host, const portico_outbound_request* raw,
                        std::uint64_t body_limit, portico_outbound_response* out, portico_handle* handle,
                        portico_error* error) {
  *handle = 0;
  return host_call(host, {"outbound.open", kRequest | kTask}, error, [&](State& s) {
    if (raw->kind != PORTICO_OUTBOUND_READ || body_limit == 0)
      throw Problem(500, "upstream.bad_request", "only a read with a limit has a body to stream");
    const auto answered = ask(s, raw, out);
    auto& body = answered->reply.body;
    const bool streams = out->status >= 200 && out->status < 300;
    out->body = {body.data(), streams ? 0 : body.size(), s.lease(answered, "outbound.open")};
    if (!streams) return;
    auto incoming = std::make_shared<ReadReply>(ReadReply{answered->reply, body_limit});
    *handle = s.lease(incoming, "outbound.open (close it)");
    const std::lock_guard lock(s.mutex);
    s.incoming.add(*handle, std::move(incoming));
  });
}

portico_status read_some(const portico_host* host, portico_handle handle, char* buffer, std::uint64_t size,
                         std::uint64_t* got, portico_error* error) {
  *got = 0;
  return host_call(host, {"outbound.read", kAnywhere}, error, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto found = s.incoming.find(handle);
    if (!found) return PORTICO_E_STALE;
    if (size == 0) return PORTICO_E_INVALID;
    const auto& reply = found->reply;
    const auto end = std::min(reply.cut_after.value_or(reply.body.size()), reply.body.size());
    const auto count = std::min({static_cast<std::uint64_t>(end - found->read), size, kPiece});
    if (found->read + count > found->body_limit)
      throw Problem(502, "upstream.too_large", "the body is above the limit it was opened with");
    if (count == 0 && reply.cut_after) throw broken_off();
    std::memcpy(buffer, reply.body.data() + found->read, count);
    found->read += count;
    *got = count;
    return PORTICO_OK;
  });
}

void close_one(const portico_host* host, portico_handle handle) {
  auto& s = State::of(host);
  call::guard(nullptr, [&] {
    const std::lock_guard lock(s.mutex);
    if (s.incoming.take(handle)) s.leases.take(handle);
  });
}

void report_bad_reply(const portico_host* host, portico_str name) {
  auto& s = State::of(host);
  call::guard(nullptr, [&] {
    const std::lock_guard lock(s.mutex);
    auto& slot = s.upstreams[text_of(name)];
    if (!slot) slot = std::make_unique<Upstream>(text_of(name));
    slot->report_bad_reply();
  });
}

}  // namespace

const portico_outbound kOutbound{
    sizeof(portico_outbound), 0, call_one, report_bad_reply, open_one, read_some, close_one};

}  // namespace portico::testkit
