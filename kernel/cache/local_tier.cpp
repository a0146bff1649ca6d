// The in-process tier.
#include "kernel/cache/local_tier.hpp"

#include <algorithm>

#include "kernel/observe/metrics.hpp"

namespace kernel::cache {
namespace {

observe::Gauge& bytes_gauge() {
  static observe::Gauge& gauge =
      observe::gauge("portico_cache_local_bytes", "Bytes held by the in-process tier");
  return gauge;
}

}  // namespace

bool Snapshot::holds() const {
  if (!now_ || now_->load() != epoch_) return false;
  return std::all_of(tags_.begin(), tags_.end(),
                     [](const auto& tag) { return tag.first->load() == tag.second; });
}

LocalTier::LocalTier(std::size_t max_bytes, std::chrono::microseconds unlinked_life)
    : max_bytes_per_shard_(max_bytes / kShards), unlinked_life_(unlinked_life) {}

TagCell LocalTier::cell(const std::string& tag) {
  const std::lock_guard lock(tags_mutex_);
  if (tags_.size() >= tags_swept_at_) {
    std::erase_if(tags_, [](const auto& one) { return one.second.expired(); });
    tags_swept_at_ = std::max<std::size_t>(1024, 2 * tags_.size());
  }
  auto& known = tags_[tag];
  TagCell held = known.lock();
  if (!held) known = held = std::make_shared<std::atomic<std::uint64_t>>(0);
  return held;
}

Snapshot LocalTier::snapshot(const std::vector<std::string>& tags) {
  Snapshot out;
  out.now_ = &epoch_;
  out.epoch_ = epoch_;
  for (const std::string& tag : tags) {
    TagCell held = cell(tag);
    const std::uint64_t raised = held->load();
    out.tags_.emplace_back(std::move(held), raised);
  }
  return out;
}

void LocalTier::drop(Shard& shard, std::list<Item>::iterator item) {
  shard.bytes -= item->bytes;
  bytes_ -= item->bytes;
  shard.by_key.erase(item->key);
  shard.items.erase(item);
}

EntryPtr LocalTier::find(std::string_view key, WallTime now) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) return nullptr;
  const auto item = found->second;
  if (now >= item->until || !item->snapshot.holds()) {
    drop(shard, item);
    return nullptr;
  }
  shard.items.splice(shard.items.begin(), shard.items, item);
  return item->entry;
}

void LocalTier::put(const std::string& key, EntryPtr entry, const Snapshot& snapshot, WallTime now) {
  Item item{key, std::move(entry), snapshot, {}, 0};
  item.until = item.entry->dead_until;
  if (!snapshot.linked()) {
    // While nobody tells us of invalidations, what may never be shown late (sessions) is not kept at all.
    if (item.entry->dead_until <= item.entry->fresh_until) return;
    item.until = std::min(item.until, now + unlinked_life_);
  }
  item.bytes = item.entry->bytes() + sizeof(Item) + key.size() + 128;  // list and table nodes
  if (item.until <= now || item.bytes > max_bytes_per_shard_ / 2) return;
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  // What is outdated must not push out what is newer. An invalidation after this look is seen by find(),
  // which compares with the snapshot and not with the present.
  if (!snapshot.holds()) return;
  if (const auto found = shard.by_key.find(key); found != shard.by_key.end()) drop(shard, found->second);
  while (!shard.items.empty() && shard.bytes + item.bytes > max_bytes_per_shard_)
    drop(shard, std::prev(shard.items.end()));
  shard.bytes += item.bytes;
  bytes_ += item.bytes;
  shard.items.push_front(std::move(item));
  shard.by_key.emplace(shard.items.front().key, shard.items.begin());
  bytes_gauge().set(static_cast<double>(bytes_));
}

void LocalTier::raise(std::string_view tag) {
  TagCell held;
  {
    const std::lock_guard lock(tags_mutex_);
    if (const auto found = tags_.find(tag); found != tags_.end()) held = found->second.lock();
  }
  if (held) held->fetch_add(1);  // without a cell nothing was made under the tag
}

void LocalTier::set_linked(bool now_linked) {
  if (linked() == now_linked) return;
  epoch_.fetch_add(1);
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    while (!shard.items.empty()) drop(shard, shard.items.begin());
  }
  bytes_gauge().set(static_cast<double>(bytes_));
}

}  // namespace kernel::cache
