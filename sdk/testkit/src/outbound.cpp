// portico.outbound/1: upstreams that answer from the test's script.
#include <fmt/format.h>
#include <portico/abi/outbound.h>

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

struct Answered {
  UpstreamReply reply;
  std::string headers;
};

portico_status call_one(const portico_host* host, const portico_outbound_request* raw,
                        portico_outbound_response* out, portico_error* error) {
  return host_call(host, {"outbound.call", kRequest | kTask}, error, [&](State& s) {
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
    const auto answered = std::make_shared<Answered>();
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
    out->body = {reply.body.data(), reply.body.size(), s.lease(answered, "outbound.call")};
    out->content_type = to_str(reply.content_type), out->headers = to_str(answered->headers);
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

const portico_outbound kOutbound{sizeof(portico_outbound), 0, call_one, report_bad_reply};

}  // namespace portico::testkit
