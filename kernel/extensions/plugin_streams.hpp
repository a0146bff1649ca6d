// The open gRPC streams of plugins: what comes is told on the plugin's workers, one at a time, and all of
// them end before their plugin does.
#pragma once

#include <portico/abi/channels.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "kernel/extensions/table.hpp"
#include "kernel/loader/handles.hpp"
#include "kernel/outbound/grpc/channels.hpp"

namespace kernel::extensions {

class PluginStreams;

class PluginStream final : public outbound::rpc::Listener, public std::enable_shared_from_this<PluginStream> {
 public:
  PluginStream(PluginStreams& all, loader::Plugin& plugin, std::string place,
               const portico_channel_handler& handler);

  loader::Plugin* plugin() const noexcept { return plugin_; }
  /// Null before it was opened.
  std::shared_ptr<outbound::rpc::Stream> stream();

  void on_message(std::string bytes) noexcept override;
  void on_end(outbound::rpc::Cause cause, const outbound::rpc::WireStatus& status) noexcept override;

 private:
  friend class PluginStreams;

  struct End {
    outbound::rpc::Cause cause;
    outbound::rpc::WireStatus status;
  };

  void post();
  void run();
  void tell(const std::string& bytes);
  void tell(const End& end);
  /// From now on the plugin is not touched.
  void abandon();

  PluginStreams& all_;
  loader::Plugin* const plugin_;
  const std::string place_;
  const portico_channel_handler handler_;
  std::optional<HeldLine> line_;

  std::mutex mutex_;  // of all below
  portico_handle handle_ = 0;
  std::shared_ptr<outbound::rpc::Stream> stream_;
  std::deque<std::string> messages_;  // at most one: the next is asked for when it is done with
  std::optional<End> end_;
  bool running_ = false, abandoned_ = false;
};

/// Of all plugins. Thread-safe.
class PluginStreams {
 public:
  /// errors    503 service.stopping: the plugin drains, or the host stops; those of Channels::open
  portico_handle open(outbound::rpc::Channels& channels, const std::string& upstream,
                      outbound::rpc::Call call, const std::shared_ptr<PluginStream>& stream);

  /// Null where it has ended, or is another plugin's.
  std::shared_ptr<PluginStream> find(portico_handle handle, const loader::Plugin& plugin) const;

  /// Cancels those of a plugin that drains; their ends follow.
  void drain(const loader::Plugin& plugin);

  /// Cancels all, waits for their ends as long as that, and leaves the rest alone. Nothing is opened any
  /// more.
  void stop(std::chrono::milliseconds longest);

 private:
  friend class PluginStream;
  void ended(const std::shared_ptr<PluginStream>& stream);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::shared_ptr<PluginStream>> live_;
  loader::Handles<PluginStream> handles_;
  bool stopped_ = false;
};

}  // namespace kernel::extensions
