// A plugin that puts work off: entries go through a durable queue, and each tells of itself by an event.
#include <portico/plugin.hpp>

namespace {

using namespace std::chrono_literals;

/// Entries from … to below to; refused ones are enqueued and rolled back again.
struct Batch {
  std::int64_t from = 0, to = 0;
  bool roll_back = false;
};
BOOST_DESCRIBE_STRUCT(Batch, (), (from, to, roll_back))

struct Entry {
  std::int64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Entry, (), (n))

struct Enqueued {
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Enqueued, (), (count))

inline constexpr portico::Queue<Entry> post{"clerk.post"};
inline constexpr portico::Event<Entry> posted{"clerk.posted/1"};
inline constexpr portico::Event<Entry> undeclared{"clerk.forged/1"};

// What a host that is killed leaves behind is taken over so soon.
constexpr portico::QueueOptions kOptions{.attempts = 100, .concurrency = 4, .backoff = 50ms, .lease = 2s};

class Clerk final : public portico::Plugin {
  void start(portico::Host& host) override {
    host.tasks().queue(
        post,
        [&host](const Entry& entry, const portico::Job& job) {
          if (entry.n < 0) throw portico::Permanent(422, "clerk.negative", "an entry is not negative");
          host.database().as_system("clerk posts an entry", [&](portico::Transaction& tx) {
            tx.run("INSERT INTO posted(n, job) VALUES ($1, $2)", {entry.n, job.id()});
            host.events().publish(tx, posted, entry, {.key = "k" + std::to_string(entry.n % 16)});
            job.complete(tx);
          });
        },
        kOptions);

    host.events().subscribe(
        posted,
        [&host](const Entry& entry, const portico::Job& job) {
          host.database().as_system("clerk hears of an entry", [&](portico::Transaction& tx) {
            tx.run("INSERT INTO heard(n, key) VALUES ($1, $2)", {entry.n, job.key()});
            job.complete(tx);
          });
        },
        kOptions);

    host.tasks().every("clerk.tick", 200ms, [&host] {
      host.database().as_system("clerk ticks",
                                [](portico::Transaction& tx) { tx.run("INSERT INTO ticks DEFAULT VALUES"); });
    });
    host.tasks().cron("clerk.nightly", "0 3 * * *", [] {});

    host.routes()
        .post("/api/clerk/batch",
              [&host](const portico::Request&, const Batch& batch) {
                return host.database().as_system("clerk takes a batch", [&](portico::Transaction& tx) {
                  for (auto n = batch.from; n < batch.to; ++n) host.tasks().enqueue(tx, post, Entry{n});
                  if (batch.roll_back) throw portico::Problem(409, "clerk.rolled_back");
                  return Enqueued{batch.to - batch.from};
                });
              })
        .access(portico::Access::anyone)
        .csrf(portico::Csrf::open)
        .rate_class("public")
        .summary("Enqueues entries in one transaction");

    host.routes()
        .post("/api/clerk/forge",
              [&host](const portico::Request&) {
                host.events().publish(undeclared, Entry{});
                return Enqueued{};
              })
        .access(portico::Access::anyone)
        .csrf(portico::Csrf::open)
        .rate_class("public")
        .summary("Publishes what its manifest does not name");
  }
};

}  // namespace

PORTICO_PLUGIN(Clerk)
