// One cached answer and its form in Redis.
#include "kernel/cache/entry.hpp"

namespace kernel::cache {
namespace {

// Changed whenever the form changes: bytes of another version are a miss, never a misreading.
constexpr std::string_view kMagic = "PC1\n";
constexpr std::uint32_t kMaxTags = 64;

void put_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8) out += static_cast<char>(value & 0xff);
}
void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size(), 4);
  out += text;
}
void put_time(std::string& out, WallTime time) {
  put_number(out, static_cast<std::uint64_t>(time.time_since_epoch().count()), 8);
}

/// Reads from the front; once something was missing everything is.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) {
      good_ = false;
      return {};
    }
    const auto out = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return out;
  }
  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    int shift = 0;
    for (const char c : take(count)) {
      value |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
      shift += 8;
    }
    return value;
  }
  std::string text() { return std::string(take(number(4))); }
  WallTime time() { return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(number(8)))); }
  bool done() const { return good_ && bytes_.empty(); }
  bool good() const { return good_; }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

}  // namespace

std::size_t Entry::bytes() const {
  std::size_t sum = sizeof(Entry) + value.capacity() + meta.capacity();
  for (const TagGeneration& tag : tags) sum += sizeof tag + tag.tag.size() + tag.generation.size();
  return sum;
}

std::string encode(const Entry& entry) {
  std::string out;
  out.reserve(entry.value.size() + entry.meta.size() + 256);
  out += kMagic;
  for (const WallTime time : {entry.made_at, entry.fresh_until, entry.stale_until, entry.dead_until})
    put_time(out, time);
  put_number(out, entry.tags.size(), 4);
  for (const TagGeneration& tag : entry.tags) {
    put_text(out, tag.tag);
    put_text(out, tag.generation);
  }
  put_text(out, entry.meta);
  put_text(out, entry.value);
  return out;
}

std::optional<Entry> decode(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.take(kMagic.size()) != kMagic) return {};
  Entry entry;
  for (WallTime* time : {&entry.made_at, &entry.fresh_until, &entry.stale_until, &entry.dead_until})
    *time = reader.time();
  const auto tags = reader.number(4);
  if (tags > kMaxTags) return {};
  for (std::uint64_t i = 0; i < tags && reader.good(); ++i) {
    TagGeneration tag;
    tag.tag = reader.text();
    tag.generation = reader.text();
    entry.tags.push_back(std::move(tag));
  }
  entry.meta = reader.text();
  entry.value = reader.text();
  if (!reader.done()) return {};
  return entry;
}

}  // namespace kernel::cache
