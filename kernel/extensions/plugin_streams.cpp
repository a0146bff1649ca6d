// From gRPC's threads to the plugin's lane, and the order in which things end.
#include "kernel/extensions/plugin_streams.hpp"

#include "kernel/loader/call_scope.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/random_id.hpp"

namespace kernel::extensions {

namespace {

using outbound::rpc::Cause;
using portico::Problem;

constexpr std::chrono::minutes kLongest{1};  // of what a callback asks of the host, as of a task

std::uint32_t to_abi(Cause cause) noexcept {
  switch (cause) {
    case Cause::answered:
      return PORTICO_CHANNEL_ANSWERED;
    case Cause::lost:
      return PORTICO_CHANNEL_LOST;
    case Cause::cancelled:
      return PORTICO_CHANNEL_CANCELLED;
    case Cause::stopping:
      return PORTICO_CHANNEL_STOPPING;
    case Cause::isolated:
      return PORTICO_CHANNEL_ISOLATED;
    case Cause::too_large:
      return PORTICO_CHANNEL_TOO_LARGE;
  }
  return PORTICO_CHANNEL_LOST;
}

}  // namespace

PluginStream::PluginStream(PluginStreams& all, loader::Plugin& plugin, std::string place,
                           const portico_channel_handler& handler)
    : all_(all), plugin_(&plugin), place_(std::move(place)), handler_(handler) {
  line_.emplace(plugin, loader::Holding::channel, place_);
}

std::shared_ptr<outbound::rpc::Stream> PluginStream::stream() {
  const std::lock_guard lock(mutex_);
  return stream_;
}

void PluginStream::on_message(std::string bytes) noexcept {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(bytes));
  post();
}

void PluginStream::on_end(Cause cause, const outbound::rpc::WireStatus& status) noexcept {
  const std::lock_guard lock(mutex_);
  end_ = {cause, status};
  post();
}

/// Under the lock. A lane that has stopped takes nothing: its plugin has heard all it will hear.
void PluginStream::post() {
  if (running_ || abandoned_) return;
  auto* const lane = plugin_->lane("tasks");
  running_ =
      lane && lane->post({[self = shared_from_this()] { self->run(); }, [] {}}, loader::Lane::Room::outside);
}

void PluginStream::run() {
  for (;;) {
    std::optional<std::string> message;
    std::optional<End> end;
    {
      const std::lock_guard lock(mutex_);
      if (abandoned_) return;
      if (!messages_.empty()) {
        message = std::move(messages_.front());
        messages_.pop_front();
      } else if (end_) {
        end = std::move(end_);
      } else {
        running_ = false;
        return;
      }
    }
    if (message) tell(*message);
    if (!end) continue;
    tell(*end);
    all_.ended(shared_from_this());
    return;
  }
}

void PluginStream::tell(const std::string& bytes) {
  plugin_->usage.add(plugin_->usage.bytes_in, bytes.size());
  const auto id = observe::new_correlation_id();
  const observe::CorrelationScope correlation(id);
  auto error = portico::call::empty_error();
  portico_status status;
  {
    const loader::CallScope scope(
        {plugin_, std::chrono::steady_clock::now() + kLongest, id, {}, {}, loader::Holding::channel, place_});
    status = handler_.message(handler_.user, handle_, portico::to_str(bytes), &error);
  }
  if (status == PORTICO_OK) return stream_->take_next();
  observe::log(observe::Level::warning, "plugin." + plugin_->id(), "a message of a stream was not taken",
               {{"stream", place_},
                {"code", portico::call::text_in(error.code)},
                {"detail", portico::call::text_in(error.detail)}});
  stream_->cancel(Cause::cancelled);
}

void PluginStream::tell(const End& end) {
  std::string trailers;
  for (const auto& [name, value] : end.status.trailers) trailers += name + ": " + value + "\n";
  const portico_channel_end raw{sizeof raw,
                                to_abi(end.cause),
                                end.status.code,
                                0,
                                portico::to_str(end.status.text),
                                portico::to_str(trailers)};
  const auto id = observe::new_correlation_id();
  const observe::CorrelationScope correlation(id);
  const loader::CallScope scope(
      {plugin_, std::chrono::steady_clock::now() + kLongest, id, {}, {}, loader::Holding::channel, place_});
  handler_.end(handler_.user, handle_, &raw);
}

void PluginStream::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
}

portico_handle PluginStreams::open(outbound::rpc::Channels& channels, const std::string& upstream,
                                   outbound::rpc::Call call, const std::shared_ptr<PluginStream>& stream) {
  // What comes meanwhile waits for the lock: it finds the stream and its handle. So does who drains.
  const std::lock_guard opening(stream->mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || !loader::serves(stream->plugin_->state()))
      throw Problem(503, "service.stopping",
                    stream->plugin_->id() + " opens no stream while it does not serve", 2);
    live_.insert(stream);
  }
  try {
    stream->handle_ = handles_.add(stream);
    stream->stream_ = channels.open(upstream, std::move(call), stream);
  } catch (...) {
    ended(stream);
    throw;
  }
  return stream->handle_;
}

std::shared_ptr<PluginStream> PluginStreams::find(portico_handle handle, const loader::Plugin& plugin) const {
  auto stream = handles_.find(handle);
  return stream && stream->plugin_ == &plugin ? stream : nullptr;
}

void PluginStreams::ended(const std::shared_ptr<PluginStream>& stream) {
  handles_.take(stream->handle_);
  stream->line_.reset();
  {
    const std::lock_guard lock(mutex_);
    live_.erase(stream);
  }
  changed_.notify_all();
}

void PluginStreams::drain(const loader::Plugin& plugin) {
  std::vector<std::shared_ptr<PluginStream>> open;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& stream : live_)
      if (stream->plugin_ == &plugin) open.push_back(stream);
  }
  for (const auto& one : open)
    if (const auto stream = one->stream()) stream->cancel(Cause::stopping);
}

void PluginStreams::stop(std::chrono::milliseconds longest) {
  std::vector<std::shared_ptr<PluginStream>> open;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    open.assign(live_.begin(), live_.end());
  }
  for (const auto& one : open)
    if (const auto stream = one->stream()) stream->cancel(Cause::stopping);
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, longest, [&] { return live_.empty(); });
    open.assign(live_.begin(), live_.end());
    live_.clear();
  }
  for (const auto& one : open) one->abandon();
}

}  // namespace kernel::extensions
