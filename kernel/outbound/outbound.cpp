// The door of the room: checks a call on its caller's thread and hands it to the event thread.
#include "kernel/outbound/outbound.hpp"

#include <strings.h>

#include <algorithm>
#include <future>

#include "kernel/observe/log.hpp"
#include "kernel/outbound/body_pipe.hpp"
#include "kernel/outbound/dispatcher.hpp"

namespace kernel::outbound {
namespace {

void deliver(const Callback& done, CallProblem problem) noexcept {
  try {
    done(std::move(problem));
  } catch (...) {
    observe::log(observe::Level::error, "outbound", "callback threw");
  }
}

}  // namespace

std::string_view Response::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  }
  return {};
}

OpenReply::OpenReply(Response head, std::shared_ptr<BodyPipe> pipe, std::stop_source cancel)
    : head_(std::move(head)), pipe_(std::move(pipe)), cancel_(std::move(cancel)) {}

OpenReply::~OpenReply() {
  cancel();
}

void OpenReply::cancel() noexcept {
  if (pipe_) cancel_.request_stop();
}

bool OpenReply::streams() const noexcept {
  return is_success(head_.status);
}

std::size_t OpenReply::read(char* into, std::size_t size) {
  return streams() ? pipe_->read(into, size) : 0;
}

Outbound::Outbound() : Outbound(Options{}) {}

Outbound::Outbound(Options options) : dispatcher_(std::make_unique<Dispatcher>(std::move(options))) {}

Outbound::~Outbound() = default;

void Outbound::add(UpstreamSettings settings) {
  Target target = check_settings(settings);
  dispatcher_->run_task([&] { dispatcher_->add(std::move(settings), std::move(target)); });
}

void Outbound::remove(std::string_view name) {
  dispatcher_->run_task([&] { dispatcher_->remove(std::string(name)); });
}

void Outbound::report_bad_reply(std::string_view name, std::string_view lane) {
  dispatcher_->run_task([&] { dispatcher_->report_bad_reply(std::string(name), std::string(lane)); });
}

void Outbound::isolate(std::string_view name, bool isolated) {
  dispatcher_->run_task([&] { dispatcher_->isolate(std::string(name), isolated); });
}

std::vector<LaneStats> Outbound::stats() const {
  std::vector<LaneStats> all;
  dispatcher_->run_task([&] { all = dispatcher_->stats(); });
  return all;
}

void Outbound::stop() {
  dispatcher_->stop();
}

void Outbound::call_async(std::string_view name, Request request, Callback done) {
  try {
    check_request(request);
  } catch (const CallProblem& problem) {
    return deliver(done, problem);
  }
  auto job = std::make_unique<Job>();
  job->upstream_name = name;
  job->request = std::move(request);
  job->done = std::move(done);
  job->correlation_id = observe::correlation_id();
  job->started = Clock::now();
  if (!dispatcher_->submit(job)) deliver(job->done, problem_for(Outcome::stopping, "stopped", false));
}

Response Outbound::call(std::string_view name, Request request) {
  if (dispatcher_->on_event_thread()) {
    throw problem_for(Outcome::bad_request, "a waiting call from a callback would wait for itself", false);
  }
  // Shared with the callback, which may still be inside set_value when the waiting side goes on.
  const auto promise = std::make_shared<std::promise<Result>>();
  call_async(name, std::move(request), [promise](Result result) { promise->set_value(std::move(result)); });
  Result result = promise->get_future().get();
  if (auto* problem = std::get_if<CallProblem>(&result)) throw std::move(*problem);
  return std::get<Response>(std::move(result));
}

OpenReply Outbound::open(std::string_view name, Request request, std::size_t body_limit) {
  if (dispatcher_->on_event_thread())
    throw problem_for(Outcome::bad_request, "a waiting call from a callback would wait for itself", false);
  if (request.kind != Kind::read || body_limit == 0)
    throw problem_for(Outcome::bad_request, "only a read with a limit has a body to stream", false);
  auto pipe = std::make_shared<BodyPipe>(body_limit);
  std::stop_source cancel;
  request.pipe = pipe;
  request.cancel = cancel.get_token();
  call_async(name, std::move(request), [pipe](Result result) { pipe->end(std::move(result)); });
  Response head = pipe->wait_for_head();
  return OpenReply(std::move(head), std::move(pipe), std::move(cancel));
}

}  // namespace kernel::outbound
