// One transaction over all rows; each statement names its own limit.
#include "use_cases/clean.hpp"

namespace auth {

void clean(const Parts& parts) {
  const auto stuck = parts.host.database().as_system("remove what has run out", [](portico::Transaction& tx) {
    tx.run("DELETE FROM sign_ups WHERE state = 'pending' AND expires_at < now() - interval '1 hour'");
    tx.run("DELETE FROM sign_ups WHERE ended_at < now() - interval '7 days'");
    tx.run("DELETE FROM sessions WHERE ended_at < now() - interval '1 day' OR expires_at < now()");
    tx.run("DELETE FROM resets WHERE expires_at < now() - interval '1 day'");
    tx.run("DELETE FROM devices WHERE used_at < now() - interval '180 days'");
    tx.run(
        "DELETE FROM tries WHERE touched_at < now() - interval '2 days' AND coalesce(locked_until < now() - "
        "interval '1 day', true)");
    return tx
        .run(
            "SELECT count(*) FROM sign_ups WHERE state IN ('confirmed', 'customer_created') AND confirmed_at "
            "< now() - interval '1 day'")
        .integer(0, 0);
  });
  if (stuck > 0)
    parts.host.log().error("confirmed sign-ups wait for more than a day", {{"count", std::to_string(stuck)}});
}

}  // namespace auth
