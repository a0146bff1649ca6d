// A plugin whose writes go wrong in the way their input says.
#include <signal.h>

#include <portico/plugin.hpp>
#include <thread>

namespace {

using namespace std::chrono_literals;

struct NewWish {
  std::string note;
  std::optional<std::string> trouble;  // "refused", "rolled_back", "killed", "slow", "late", "said"
};
BOOST_DESCRIBE_STRUCT(NewWish, (), (note, trouble))

struct Wish {
  std::int64_t id = 0;
  std::string note;
  std::int64_t stored = 0;  // how often a handler has stored this note
};
BOOST_DESCRIBE_STRUCT(Wish, (), (id, note, stored))

class Wishes final : public portico::Plugin {
  void start(portico::Host& host) override {
    host.routes()
        .post("/api/wishes",
              [&host](const portico::Request& request, const NewWish& wish) {
                return store(host, request, wish,
                             [&](portico::Transaction& tx, auto answer) { return request.keep(tx, answer); });
              })
        .needs_idempotency_key()
        .answers(201)
        .deadline(3s)
        .summary("Stores a wish, and its answer with it");
    host.routes()
        .post("/api/wishes/loose",
              [&host](const portico::Request& request, const NewWish& wish) {
                if (wish.trouble == "said") return portico::Response{409, "text/plain", "not now", {}};
                return portico::to_response(
                    store(host, request, wish, [](portico::Transaction&, auto answer) { return answer; }));
              })
        .answers(201)
        .gives<Wish>()
        .deadline(1s)
        .summary("Stores a wish and leaves its answer to the host");
    host.routes()
        .post("/api/wishes/later",
              [&host](const portico::Request& request, const NewWish& wish) {
                const auto answer =
                    store(host, request, wish, [](portico::Transaction&, auto stored) { return stored; });
                request.later().answer(answer);
                return portico::handled;
              })
        .answers(201)
        .gives<Wish>()
        .summary("Stores a wish and answers as one does who has handed the answer over");
    host.routes()
        .post("/api/wishes/large",
              [&host](const portico::Request& request, const NewWish& wish) {
                store(host, request, wish, [](portico::Transaction&, auto answer) { return answer; });
                return portico::Response{200, "text/plain", std::string(300 * 1024, 'x'), {}};
              })
        .summary("Stores a wish and says much");
    host.routes()
        .post("/api/wishes/secret",
              [&host](const portico::Request& request, const NewWish& wish) {
                return store(host, request, wish, [](portico::Transaction&, auto answer) { return answer; });
              })
        .secret()
        .answers(201)
        .summary("Stores a wish; its answers are never kept");
  }

  template <class Keep>
  static portico::Answer<Wish> store(portico::Host& host, const portico::Request& request,
                                     const NewWish& wish, const Keep& keep) {
    const auto trouble = wish.trouble.value_or("");
    if (trouble == "refused") throw portico::Problem(422, "wishes.refused", wish.note);
    const auto user = request.user_id();
    auto answer = host.database().as_user(user, [&](portico::Transaction& tx) {
      const auto row = tx.run("INSERT INTO wish(user_id, note, key) VALUES ($1::uuid, $2, $3) RETURNING id",
                              {user, wish.note, std::string(request.idempotency_key())});
      const auto times = tx.run("SELECT count(*) AS n FROM wish WHERE note = $1", {wish.note}).integer(0, 0);
      if (trouble == "late")
        std::this_thread::sleep_for(1500ms);  // on purpose: until another attempt has begun
      auto kept =
          keep(tx, portico::Answer<Wish>{{row.integer(0, 0), wish.note, times}, 201, {{"X-Own", "1"}}});
      if (trouble == "rolled_back") throw portico::Problem(409, "wishes.rolled_back", wish.note);
      return kept;
    });
    // Once: the next attempt has to come to its end.
    if (trouble == "killed" && answer.value.stored == 1) ::raise(SIGKILL);
    if (trouble == "slow") std::this_thread::sleep_for(1500ms);  // on purpose: beyond the route's deadline
    return answer;
  }
};

}  // namespace

PORTICO_PLUGIN(Wishes)
