// portico.channels/1: systems that speak gRPC, played by the test.
#include <portico/abi/channels.h>

#include "state.hpp"

namespace portico::testkit {

std::string_view ChannelRequest::field(std::string_view name) const {
  for (const auto& [key, value] : metadata)
    if (key == name) return value;
  return {};
}

OpenedStream::OpenedStream(State& state, StreamId id, ChannelRequest asked, portico_channel_handler handler)
    : request(std::move(asked)), state_(state), id_(id), handler_(handler) {
  if (!request.message.empty()) sent_.push_back(request.message);
}

std::vector<std::string> OpenedStream::sent() const {
  const std::lock_guard lock(mutex_);
  return sent_;
}
bool OpenedStream::finished() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}
bool OpenedStream::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void OpenedStream::deliver(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) throw std::logic_error("a message for a stream that has ended");
    if (cancelled_) return;
  }
  auto error = call::empty_error();
  const auto status = state_.run(kTask, "a message of " + request.operation,
                                 [&] { return handler_.message(handler_.user, id_, to_str(bytes), &error); });
  if (status != PORTICO_OK) cancel();
  settle();
  state_.throw_faults();
}

void OpenedStream::end(const ChannelEnd& how) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
  }
  std::string trailers;
  for (const auto& [name, value] : how.status.trailers) trailers += name + ": " + value + "\n";
  const portico_channel_end raw{sizeof raw,
                                static_cast<std::uint32_t>(how.cause),
                                static_cast<std::int32_t>(how.status.code),
                                0,
                                to_str(how.status.text),
                                to_str(trailers)};
  state_.run(kTask, "the end of " + request.operation, [&] {
    handler_.end(handler_.user, id_, &raw);
    return PORTICO_OK;
  });
}

void OpenedStream::settle() {
  {
    const std::lock_guard lock(mutex_);
    if (!cancelled_ || ended_) return;
  }
  end({ChannelCause::cancelled, {RpcCode::cancelled, "cancelled", {}}});
}

portico_status OpenedStream::send(std::string_view bytes, bool full) {
  const std::lock_guard lock(mutex_);
  if (ended_ || cancelled_ || finished_) return PORTICO_E_STALE;
  if (full) return PORTICO_E_AGAIN;
  sent_.emplace_back(bytes);
  return PORTICO_OK;
}
portico_status OpenedStream::finish() {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  return ended_ ? PORTICO_E_STALE : PORTICO_OK;
}
void OpenedStream::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
}

void Channel::answer_all(Answerer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}
void Channel::refuse_streams(Problem problem) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(problem);
}
void Channel::full(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}
std::vector<ChannelRequest> Channel::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}
std::vector<std::shared_ptr<OpenedStream>> Channel::streams() const {
  const std::lock_guard lock(mutex_);
  return streams_;
}
bool Channel::is_full() const {
  const std::lock_guard lock(mutex_);
  return full_;
}
void Channel::check_open() const {
  const std::lock_guard lock(mutex_);
  if (refusal_.status) throw Problem(refusal_);
}
void Channel::opened(std::shared_ptr<OpenedStream> stream) {
  const std::lock_guard lock(mutex_);
  streams_.push_back(std::move(stream));
}
ChannelReply Channel::take(const ChannelRequest& request) {
  Answerer answer;
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(request);
    answer = answer_;
  }
  if (!answer) throw Problem(503, "upstream.unavailable", "nobody answers this channel in the test");
  return answer(request);
}

namespace {

Channel& channel_of(State& s, const std::string& name) {
  if (!s.manifest.names(s.manifest.upstreams, name)) s.not_in_manifest("upstream " + name, "outbound");
  const std::lock_guard lock(s.mutex);
  auto& slot = s.channels[name];
  if (!slot) slot = std::make_unique<Channel>();
  return *slot;
}

ChannelRequest request_of(const portico_channel_call& raw) {
  ChannelRequest request{text_of(raw.upstream),
                         raw.lane.size ? text_of(raw.lane) : "standard",
                         text_of(raw.operation),
                         text_of(raw.method),
                         text_of(raw.message),
                         {},
                         raw.kind == PORTICO_OUTBOUND_WRITE};
  for (std::uint64_t i = 0; i < raw.metadata_count; ++i)
    request.metadata.emplace_back(text_of(raw.metadata[i].name), text_of(raw.metadata[i].value));
  return request;
}

struct Answered {
  ChannelReply reply;
  std::string trailers;
};

portico_status call_one(const portico_host* host, const portico_channel_call* raw, portico_channel_reply* out,
                        portico_error* error) {
  return host_call(host, {"channels.call", kRequest | kTask}, error, [&](State& s) {
    const auto request = request_of(*raw);
    s.check_no_transaction("channel " + request.upstream + " was called");
    auto& channel = channel_of(s, request.upstream);
    out->code = 0, out->may_have_been_sent = 1, out->attempts = 1, out->message = {};
    const auto answered = std::make_shared<Answered>();
    try {
      answered->reply = channel.take(request);
    } catch (const OutboundProblem& problem) {
      out->may_have_been_sent = problem.may_have_been_sent ? 1 : 0;
      throw;
    }
    const auto& [status, message, attempts] = answered->reply;
    for (const auto& [name, value] : status.trailers) answered->trailers += name + ": " + value + "\n";
    out->code = static_cast<std::int32_t>(status.code);
    out->message = {message.data(), message.size(), s.lease(answered, "channels.call")};
    out->text = to_str(status.text), out->trailers = to_str(answered->trailers);
  });
}

portico_status open(const portico_host* host, const portico_channel_call* raw,
                    const portico_channel_handler* handler, portico_handle* out, portico_error* error) {
  return host_call(host, {"channels.open", kRequest | kTask}, error, [&](State& s) {
    auto request = request_of(*raw);
    auto& channel = channel_of(s, request.upstream);
    channel.check_open();
    const auto stream = std::make_shared<OpenedStream>(s, State::new_handle(), std::move(request), *handler);
    {
      const std::lock_guard lock(s.mutex);
      s.opened_streams.add(stream->id(), stream);
    }
    channel.opened(stream);
    *out = stream->id();
  });
}

std::shared_ptr<OpenedStream> find(State& s, portico_handle handle) {
  const std::lock_guard lock(s.mutex);
  return s.opened_streams.find(handle);
}

portico_status send(const portico_host* host, portico_handle handle, portico_str bytes) {
  return host_call(host, {"channels.send", kAnywhere}, nullptr, [&](State& s) -> portico_status {
    const auto stream = find(s, handle);
    if (!stream) return PORTICO_E_STALE;
    return stream->send(view(bytes), channel_of(s, stream->request.upstream).is_full());
  });
}

portico_status finish(const portico_host* host, portico_handle handle) {
  return host_call(host, {"channels.finish", kAnywhere}, nullptr, [&](State& s) -> portico_status {
    const auto stream = find(s, handle);
    return stream ? stream->finish() : PORTICO_E_STALE;
  });
}

void cancel(const portico_host* host, portico_handle handle) {
  call::guard(nullptr, [&] {
    if (const auto stream = find(State::of(host), handle)) stream->cancel();
  });
}

}  // namespace

void State::settle_streams(bool stopping) {
  std::vector<std::shared_ptr<OpenedStream>> open;
  {
    const std::lock_guard lock(mutex);
    for (const auto& [handle, stream] : opened_streams.all()) open.push_back(stream);
  }
  for (const auto& stream : open) {
    stream->settle();
    if (stopping) stream->end({ChannelCause::stopping, {RpcCode::cancelled, "the host stops", {}}});
  }
}

const portico_channels kChannels{sizeof(portico_channels), 0, call_one, open, send, finish, cancel};

}  // namespace portico::testkit
