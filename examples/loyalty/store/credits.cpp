// SQL of the points. The transaction sees the rows of one user: row-level security holds that.
#include "store/credits.hpp"

namespace loyalty {

Balance read_balance(portico::Transaction& tx) {
  Balance balance;
  balance.points = tx.run("SELECT coalesce(sum(points), 0)::bigint FROM credits").integer(0, 0);
  const auto rows = tx.run(R"(
    SELECT invoice_id, points, to_char(credited_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    FROM credits ORDER BY credited_at DESC, invoice_id LIMIT 100)");
  for (std::size_t i = 0; i < rows.size(); ++i)
    balance.credits.push_back({rows.text(i, 0), rows.integer(i, 1), rows.text(i, 2)});
  return balance;
}

void add_credit(portico::Transaction& tx, const std::string& user_id, const std::string& invoice_id,
                std::int64_t points) {
  tx.run(R"(
    INSERT INTO credits(user_id, invoice_id, points) VALUES ($1::uuid, $2::text, $3::bigint)
    ON CONFLICT (user_id, invoice_id) DO NOTHING)",
         {user_id, invoice_id, points});
}

}  // namespace loyalty
