// The tier in Redis.
#include "kernel/cache/shared_tier.hpp"

#include <fmt/format.h>

#include <atomic>

namespace kernel::cache {
namespace {

// Longer than any entry lives (36 h): a generation that is gone can only mean that its entries are.
constexpr std::chrono::hours kTagLife{48};

// A missing generation is made from the clock, never from zero: after Redis came back empty no old entry and
// no fill that began before fits it.
const Script& begin_script() {
  static const Script script(R"(
local clock = redis.call('TIME')
local fresh = string.format('%.0f', clock[1] * 1000000 + clock[2])
local out = {0}
local mark = ''
for i = 2, #KEYS do
  local generation = redis.call('GET', KEYS[i])
  if generation then
    redis.call('PEXPIRE', KEYS[i], ARGV[3])
  else
    generation = fresh
    redis.call('SET', KEYS[i], generation, 'PX', ARGV[3])
  end
  out[i] = generation
  mark = mark .. generation .. '|'
end
local held = redis.call('GET', KEYS[1])
if not held or string.sub(held, 1, #mark) ~= mark then
  redis.call('SET', KEYS[1], mark .. ARGV[1], 'PX', ARGV[2])
  out[1] = 1
end
return out
)");
  return script;
}

const Script& store_script() {
  static const Script script(R"(
local same = 1
for i = 3, #KEYS do
  if redis.call('GET', KEYS[i]) ~= ARGV[i + 1] then same = 0 end
end
-- A full Redis does not take the entry; the others must not wait for the lease for that.
local kept = same == 1 and redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
if kept and kept.err then return kept end
return same
)");
  return script;
}

const Script& give_up_script() {
  static const Script script(
      "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1");
  return script;
}

const Script& raise_script() {
  static const Script script(R"(
local clock = redis.call('TIME')
local next = clock[1] * 1000000 + clock[2]
local held = tonumber(redis.call('GET', KEYS[1]))
if held and held >= next then next = held + 1 end
-- A full Redis takes no new value, but lets one go; a missing generation fits nothing either.
local kept = redis.pcall('SET', KEYS[1], string.format('%.0f', next), 'PX', ARGV[3])
if kept.err then kept = redis.pcall('DEL', KEYS[1]) end
redis.call('PUBLISH', ARGV[1], ARGV[2])
if type(kept) == 'table' and kept.err then return kept end
return 1
)");
  return script;
}

std::string ms(std::chrono::milliseconds time) {
  return std::to_string(time.count());
}

}  // namespace

SharedTier::SharedTier(Redis& redis, std::string instance, std::chrono::milliseconds lease)
    : redis_(redis), instance_(std::move(instance)), lease_(lease) {}

SharedTier::Seen SharedTier::read(const std::string& key, const std::vector<std::string>& tags) {
  Command command{"MGET", entry_key(key)};
  for (const std::string& tag : tags) command.push_back(tag_key(tag));
  const RedisResult result = redis_.call(command);
  Seen seen;
  const auto& items = result.reply.items;
  if (!result.ok() || items.size() != tags.size() + 1) return seen;
  seen.answered = true;
  if (items[0].is_nil()) return seen;
  seen.entry = decode(items[0].text);
  if (!seen.entry) return seen;
  bool valid = seen.entry->tags.size() == tags.size();
  for (std::size_t i = 0; valid && i < tags.size(); ++i)
    valid = seen.entry->tags[i] == TagGeneration{tags[i], items[i + 1].text} && !items[i + 1].is_nil();
  if (!valid) seen.entry.reset();
  return seen;
}

SharedTier::Fill SharedTier::begin(const std::string& key, const std::vector<std::string>& tags) {
  static std::atomic<std::uint64_t> number{0};
  const std::string token = fmt::format("{}.{}", instance_, number++);
  std::vector<std::string> keys{lock_key(key)};
  for (const std::string& tag : tags) keys.push_back(tag_key(tag));
  const std::vector<std::string> arguments{token, ms(lease_), ms(kTagLife)};
  const RedisResult result = redis_.eval(begin_script(), keys, arguments);
  Fill fill;
  const auto& items = result.reply.items;
  if (!result.ok() || items.size() != tags.size() + 1) return fill;
  fill.answered = true;
  fill.leased = items[0].integer == 1;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    fill.tags.push_back({tags[i], items[i + 1].text});
    fill.lease += items[i + 1].text + "|";
  }
  fill.lease += token;
  return fill;
}

std::optional<bool> SharedTier::store(const std::string& key, const Fill& fill, const Entry& entry,
                                      std::chrono::milliseconds life) {
  std::vector<std::string> keys{entry_key(key), lock_key(key)};
  std::vector<std::string> arguments{fill.lease, encode(entry), ms(life)};
  for (const TagGeneration& tag : fill.tags) {
    keys.push_back(tag_key(tag.tag));
    arguments.push_back(tag.generation);
  }
  const RedisResult result = redis_.eval(store_script(), keys, arguments);
  if (!result.ok()) return {};
  return result.reply.integer == 1;
}

void SharedTier::give_up(const std::string& key, const Fill& fill) {
  if (!fill.leased) return;
  const std::vector<std::string> keys{lock_key(key)}, arguments{fill.lease};
  redis_.eval(give_up_script(), keys, arguments);
}

bool SharedTier::raise(const std::string& tag) {
  const std::vector<std::string> keys{tag_key(tag)},
      arguments{channel(), instance_ + " " + tag, ms(kTagLife)};
  return redis_.eval(raise_script(), keys, arguments).ok();
}

std::string SharedTier::channel() const {
  // Channels, unlike keys, are one for all databases of a server.
  return redis_.key(fmt::format("raised:{}", redis_.settings().database));
}

std::string SharedTier::tag_in(const std::string& message) const {
  const auto space = message.find(' ');
  if (space == std::string::npos || message.compare(0, space, instance_) == 0) return "";
  return message.substr(space + 1);
}

}  // namespace kernel::cache
