// A plugin that answers late and moves bodies in pieces as the test asks it to.
#include <map>
#include <mutex>
#include <portico/plugin.hpp>

namespace {

using portico::EventStream;
using portico::handled;
using portico::Later;
using portico::Problem;
using portico::Request;

struct Count {
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Count, (), (count))

struct Received {
  std::int64_t bytes = 0;
  std::int64_t sum = 0;  // of all bytes
};
BOOST_DESCRIBE_STRUCT(Received, (), (bytes, sum))

struct Said {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Said, (), (text))

/// What is owed by name, and how often somebody was told that nobody waits.
struct Owed {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Later>> later;
  std::map<std::string, std::int64_t> cancelled;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

class StreamsProbe final : public portico::Plugin {
  void start(portico::Host& host) override {
    answers_later(host);
    sends_events(host);
    moves_bodies(host);
  }
  // What is still owed then ends with a 500, were the host to wait for it; it has answered by now.
  void stop() override { owed_.later.clear(); }

  void answers_later(portico::Host& host) {
    host.routes()
        .get("/api/streams/later/{name}",
             [this](const Request& rq) {
               const std::string name(rq.path("name"));
               auto later = std::make_shared<Later>(rq.later());
               later->on_cancel([this, name] {
                 const std::lock_guard lock(owed_.mutex);
                 ++owed_.cancelled[name];
               });
               const std::lock_guard lock(owed_.mutex);
               owed_.later[name] = std::move(later);
               return handled;
             })
        .access(portico::Access::anyone)
        .deadline(std::chrono::seconds(4));
    host.routes()
        .post("/api/streams/answer/{name}",
              [this](const Request& rq) {
                std::shared_ptr<Later> later;
                {
                  const std::lock_guard lock(owed_.mutex);
                  later = owed_.later[std::string(rq.path("name"))];
                }
                if (!later) throw Problem(404, "probe.nothing_owed");
                // Many at once: one of them is the answer.
                std::int64_t given = 0;
                for (int i = 0; i < 3; ++i) given += later->answer(Said{"late"});
                return Count{given};
              })
        .access(portico::Access::anyone)
        .csrf(portico::Csrf::open)
        .not_audited();
    host.routes()
        .get("/api/streams/cancelled/{name}",
             [this](const Request& rq) {
               const std::lock_guard lock(owed_.mutex);
               return Count{owed_.cancelled[std::string(rq.path("name"))]};
             })
        .access(portico::Access::anyone);
    host.routes()
        .get("/api/streams/forgotten",
             [](const Request& rq) {
               { const auto later = rq.later(); }
               return handled;
             })
        .access(portico::Access::anyone);
    host.routes()
        .get("/api/streams/confused", [](const Request&) { return handled; })
        .access(portico::Access::anyone);
  }

  void sends_events(portico::Host& host) {
    host.routes()
        .events("/api/streams/events/{topic}",
                [](const Request& rq, const EventStream& stream) {
                  stream.subscribe(rq.path("topic"));
                  stream.send({"since " + std::string(rq.last_event_id()), "hello", "0"});
                })
        .access(portico::Access::anyone);
    host.routes().events("/api/streams/mine", [](const Request& rq, const EventStream& stream) {
      stream.subscribe("mine");
      stream.send({std::string(rq.user_id()), "hello"});
    });
    host.routes()
        .post("/api/streams/publish/{topic}",
              [&host](const Request& rq) {
                const auto reached = host.streams().publish(
                    rq.path("topic"),
                    {std::string(rq.body()), "note", std::string(rq.query("id").value_or(""))});
                return Count{static_cast<std::int64_t>(reached)};
              })
        .access(portico::Access::anyone)
        .csrf(portico::Csrf::open)
        .not_audited();
    host.routes()
        .events("/api/streams/fails",
                [](const Request&, const EventStream&) { throw Problem(500, "probe.failed"); })
        .access(portico::Access::anyone);
  }

  void moves_bodies(portico::Host& host) {
    // size, and at which byte it stops or is cut; with a length or without.
    host.routes()
        .get("/api/streams/download",
             [](const Request& rq) {
               const auto size = static_cast<std::uint64_t>(rq.query_int("size", 1000, 0, 1LL << 40));
               const auto cut = static_cast<std::uint64_t>(rq.query_int("cut", -1, -1, 1LL << 40));
               const bool counted = rq.query("counted").has_value();
               auto download =
                   rq.download({200, "application/octet-stream", {}, {{"X-Size", std::to_string(size)}}},
                               counted ? std::optional(size) : std::nullopt);
               const std::string piece = pattern(23 * 4096);
               for (std::uint64_t sent = 0; sent < size;) {
                 if (sent >= cut) throw Problem(500, "probe.cut");
                 const auto part = std::min({piece.size() - sent % 23, size - sent, cut - sent});
                 if (!download.write(std::string_view(piece).substr(sent % 23, part))) return handled;
                 sent += part;
               }
               download.finish();
               return handled;
             })
        .access(portico::Access::anyone)
        .lane("pieces")
        .deadline(std::chrono::minutes(10));
    // The same of the source, read while it is written.
    host.routes()
        .get("/api/streams/passed-on",
             [&host](const Request& rq) {
               portico::OutboundRequest asked;
               asked.upstream = "source";
               asked.operation = "download";
               asked.path =
                   "/api/streams/download?size=" + std::to_string(rq.query_int("size", 1000, 0, 1LL << 40));
               if (rq.query("cut"))
                 asked.path += "&cut=" + std::to_string(rq.query_int("cut", 0, 0, 1LL << 40));
               const auto most = static_cast<std::uint64_t>(rq.query_int("most", 1LL << 40, 1, 1LL << 40));
               auto reply = host.outbound().open(asked, most);
               auto download = rq.download({200, reply.head.content_type, {}, {}});
               std::string piece(64 * 1024, '\0');
               while (const auto got = reply.body.value().read(piece.data(), piece.size()))
                 if (!download.write(std::string_view(piece).substr(0, got))) return handled;
               download.finish();
               return handled;
             })
        .access(portico::Access::anyone)
        .lane("pieces")
        .deadline(std::chrono::minutes(10));
    host.routes()
        .put("/api/streams/upload",
             [](const Request& rq) {
               Received received;
               const auto most = rq.query_int("most", 1LL << 40, 0, 1LL << 40);
               std::string buffer(32 * 1024, '\0');
               while (received.bytes < most) {
                 const auto got = rq.read(buffer.data(), buffer.size());
                 if (got == 0) break;
                 received.bytes += static_cast<std::int64_t>(got);
                 for (std::size_t i = 0; i < got; ++i) received.sum += static_cast<unsigned char>(buffer[i]);
               }
               return received;
             })
        .streamed_body()
        .access(portico::Access::anyone)
        .csrf(portico::Csrf::open)
        .not_audited()
        .body_limit(1ULL << 34)
        .lane("pieces")
        .deadline(std::chrono::minutes(10));
    host.routes()
        .put("/api/streams/private-upload",
             [](const Request& rq) {
               char byte = 0;
               return Count{static_cast<std::int64_t>(rq.read(&byte, 1))};
             })
        .streamed_body()
        .body_limit(1ULL << 34);
  }

  Owed owed_;
};

}  // namespace

PORTICO_PLUGIN(StreamsProbe)
