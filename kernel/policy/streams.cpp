// A table of streams, and one thread that looks at them every now and then.
#include "kernel/policy/streams.hpp"

#include <random>
#include <unordered_set>
#include <vector>

#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/remember.hpp"

namespace kernel::policy {

using portico::Problem;
using Result = front::Outflow::Result;
using Kind = Stream::Kind;

namespace {

constexpr std::chrono::milliseconds kTick{1000};
constexpr int kRetryAfter_s = 5;

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::events:
      return "events";
    case Kind::download:
      return "download";
  }
  return "unknown";
}

std::string_view name_of(front::Outflow::End end) {
  using End = front::Outflow::End;
  switch (end) {
    case End::finished:
      return "finished";
    case End::aborted:
      return "cut";
    case End::open:
    case End::gone:
      return "gone";
  }
  return "unknown";
}

void count(Kind kind, double change) {
  observe::gauge("portico_streams", "Answers that are being sent in pieces",
                 {{"kind", std::string(name_of(kind))}})
      .add(change);
}

std::string topic_key(const loader::Plugin& plugin, std::string_view topic) {
  return plugin.id() + "\n" + std::string(topic);
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Up to a quarter more: those that one event ended should not all come back at once.
std::string retry_line(std::chrono::milliseconds retry) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto more = std::uniform_int_distribution<std::int64_t>(0, retry.count() / 4)(random);
  return "retry: " + std::to_string(retry.count() + more) + "\n\n";
}

bool is_leaving(const loader::Plugin& plugin) {
  const auto state = plugin.state();
  return state == loader::State::draining || state == loader::State::stopped ||
         state == loader::State::retired;
}

}  // namespace

struct Streams::State {
  std::mutex mutex;
  std::uint64_t last = 0;
  std::unordered_map<portico_handle, std::shared_ptr<Stream>> open;
  std::unordered_map<std::string, std::size_t> by_owner;  // of event streams
  std::size_t events = 0;
  std::unordered_map<std::string, std::unordered_map<portico_handle, Flow>> topics;

  portico_handle enter(const std::shared_ptr<Stream>& stream, const StreamLimits& limits) {
    const std::lock_guard lock(mutex);
    if (stream->kind == Kind::events) {
      if (events >= limits.in_all)
        throw Problem(503, "streams.too_many", "http.event_streams are open", kRetryAfter_s);
      auto& of_owner = by_owner[stream->owner];
      if (of_owner >= limits.per_owner)
        throw Problem(429, "streams.too_many_of_user", "http.event_streams_per_user are open", kRetryAfter_s);
      ++of_owner;
      ++events;
    }
    open.emplace(++last, stream);
    count(stream->kind, 1);
    return last;
  }

  /// Null where it has left before. What it held ends with the caller, outside the lock.
  std::shared_ptr<Stream> leave(portico_handle handle) {
    const std::lock_guard lock(mutex);
    auto node = open.extract(handle);
    if (node.empty()) return nullptr;
    auto stream = std::move(node.mapped());
    count(stream->kind, -1);
    if (stream->kind == Kind::events) {
      --events;
      const auto of_owner = by_owner.find(stream->owner);
      if (--of_owner->second == 0) by_owner.erase(of_owner);
    }
    for (const auto& topic : stream->topics) {
      const auto subscribed = topics.find(topic);
      subscribed->second.erase(handle);
      if (subscribed->second.empty()) topics.erase(subscribed);
    }
    return stream;
  }

  void end(portico_handle handle) {
    const auto stream = leave(handle);
    if (!stream) return;
    const auto end = stream->flow ? stream->flow->end() : front::Outflow::End::gone;
    observe::counter("portico_streams_ended_total", "Answers sent in pieces, by how they ended",
                     {{"kind", std::string(name_of(stream->kind))}, {"end", std::string(name_of(end))}})
        .add();
    const observe::CorrelationScope scope(stream->correlation_id);
    observe::log(
        observe::Level::info, "access", "stream ended",
        {observe::Field::plain("route", std::string_view(stream->label)),
         observe::Field::plain("end", name_of(end)),
         observe::Field::plain(
             "ms", std::chrono::duration<double, std::milli>(Stream::Clock::now() - stream->began).count()),
         observe::Field::plain("bytes", stream->flow ? stream->flow->total() : 0)});
  }
};

Streams::Streams(Pipeline& pipeline, StreamLimits limits)
    : pipeline_(pipeline), limits_(limits), state_(std::make_shared<State>()), thread_([this] { run(); }) {}

Streams::~Streams() {
  {
    const std::lock_guard lock(state_->mutex);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

portico_handle Streams::open(Call& call, Kind kind, front::Response head, front::OutflowSettings settings) {
  const auto stream = std::make_shared<Stream>(call, kind);
  stream->next_check = stream->began + limits_.check;
  const portico_handle handle = state_->enter(stream, limits_);
  settings.kind = kind;
  settings.on_end = [weak = std::weak_ptr(state_), handle] {
    if (const auto state = weak.lock()) state->end(handle);
  };
  Flow flow;
  try {
    flow = call.begin(std::move(head), std::move(settings));
  } catch (...) {
    state_->leave(handle);
    throw;
  }
  if (!flow) {
    state_->leave(handle);
    return 0;
  }
  {
    const std::lock_guard lock(state_->mutex);
    if (const auto it = state_->open.find(handle); it != state_->open.end()) it->second->flow = flow;
  }
  changed_.notify_one();
  return handle;
}

portico_handle Streams::open_events(Call& call, std::chrono::milliseconds retry) {
  front::Response head;
  head.headers.add("Content-Type", "text/event-stream");
  head.headers.add("Cache-Control", "no-store");
  head.headers.add("X-Accel-Buffering", "no");  // nginx would keep events back
  front::OutflowSettings settings;
  settings.window = front::kEventWindow;
  const auto handle = open(call, Kind::events, std::move(head), std::move(settings));
  if (handle == 0 || retry.count() <= 0) return handle;
  if (const auto flow = find(handle, *call.route->plugin).flow) flow->offer_whole(retry_line(retry));
  return handle;
}

portico_handle Streams::open_download(Call& call, front::Response head, std::optional<std::uint64_t> length) {
  front::OutflowSettings settings;
  settings.length = length;
  return open(call, Kind::download, std::move(head), std::move(settings));
}

Streams::Found Streams::find(portico_handle handle, const loader::Plugin& plugin) const {
  const std::lock_guard lock(state_->mutex);
  const auto it = state_->open.find(handle);
  if (it == state_->open.end() || it->second->plugin.get() != &plugin) return {};
  return {it->second->flow, it->second->deadline};
}

Result Streams::send(const Flow& flow, std::string_view event) {
  static auto& too_slow = observe::counter("portico_event_streams_too_slow_total",
                                           "Event streams cut off because their reader was too far behind");
  const Result result = flow->offer_whole(event);
  if (result == Result::full) {
    too_slow.add();
    flow->abort();
  }
  return result;
}

Result Streams::subscribe(portico_handle handle, const loader::Plugin& plugin, std::string_view topic) {
  auto key = topic_key(plugin, topic);
  const std::lock_guard lock(state_->mutex);
  const auto it = state_->open.find(handle);
  if (it == state_->open.end() || it->second->plugin.get() != &plugin || !it->second->flow)
    return Result::gone;
  auto& stream = *it->second;
  if (std::find(stream.topics.begin(), stream.topics.end(), key) != stream.topics.end()) return Result::fine;
  if (stream.topics.size() >= kTopicsPerStream) return Result::too_much;
  state_->topics[key].emplace(handle, stream.flow);
  stream.topics.push_back(std::move(key));
  return Result::fine;
}

std::size_t Streams::publish(const loader::Plugin& plugin, std::string_view topic, std::string_view event) {
  std::vector<Flow> flows;
  {
    const std::lock_guard lock(state_->mutex);
    const auto it = state_->topics.find(topic_key(plugin, topic));
    if (it == state_->topics.end()) return 0;
    flows.reserve(it->second.size());
    for (const auto& [handle, flow] : it->second) flows.push_back(flow);
  }
  std::size_t reached = 0;
  for (const auto& flow : flows) reached += send(flow, event) == Result::fine;
  return reached;
}

void Streams::end_all(const loader::Plugin& plugin, bool with_downloads) {
  std::vector<std::pair<Kind, Flow>> flows;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [handle, stream] : state_->open)
      if (stream->plugin.get() == &plugin && stream->flow) flows.emplace_back(stream->kind, stream->flow);
  }
  for (const auto& [kind, flow] : flows) {
    switch (kind) {
      case Kind::events:
        flow->finish();
        break;
      case Kind::download:
        if (with_downloads) flow->abort();
        break;
    }
  }
}

void Streams::drain(const loader::Plugin& plugin) {
  end_all(plugin, false);
}

void Streams::remove(const loader::Plugin& plugin) {
  end_all(plugin, true);
}

std::size_t Streams::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->open.size();
}

void Streams::run() {
  std::unique_lock lock(state_->mutex);
  while (!stopping_) {
    if (state_->open.empty()) {
      changed_.wait(lock);
      continue;
    }
    look_at_all(lock);
    changed_.wait_for(lock, std::min(kTick, limits_.check), [&] { return stopping_; });
  }
}

void Streams::look_at_all(std::unique_lock<std::mutex>& lock) {
  std::vector<Flow> over, late;
  std::vector<std::pair<std::shared_ptr<Stream>, Flow>> due;
  const auto now = Stream::Clock::now();
  const auto utc = now_us();
  for (const auto& [handle, stream] : state_->open) {
    if (!stream->flow) continue;
    if (stream->kind == Kind::download) {
      if (now >= stream->deadline || stream->plugin->cancelled()) late.push_back(stream->flow);
    } else if (is_leaving(*stream->plugin)) {
      over.push_back(stream->flow);
    } else if (!stream->credential.empty()) {
      if (utc >= stream->valid_until_us) {
        over.push_back(stream->flow);
      } else if (now >= stream->next_check) {
        stream->next_check = now + limits_.check;
        due.emplace_back(stream, stream->flow);
      }
    }
  }
  lock.unlock();
  for (const auto& flow : over) flow->finish();
  for (const auto& flow : late) flow->abort();
  for (const auto& [stream, flow] : due) look_at_session(stream, flow);
  over.clear(), late.clear(), due.clear();  // what ends with them takes the lock
  lock.lock();
}

void Streams::look_at_session(const std::shared_ptr<Stream>& stream, const Flow& flow) {
  look_at_credential(pipeline_, stream->credential, [stream, flow](const auto& principal) {
    if (!principal) return;  // not known now: the next look says
    if (principal->session_id != stream->session_id || !may_use(stream->access, *principal)) flow->finish();
  });
}

}  // namespace kernel::policy
