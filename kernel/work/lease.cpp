// The SQL that leased tables share.
#include "kernel/work/lease.hpp"

#include <Poco/UTF8Encoding.h>
#include <fmt/format.h>

namespace kernel::work {

std::string claim_sql(const LeasedTable& table, std::string_view chosen, std::string_view lease,
                      std::string_view returning) {
  return fmt::format(
      "WITH c AS MATERIALIZED ({}), u AS (UPDATE {} j SET state = '{}', {} = {} + 1, lease_epoch = lease_epoch + 1, "
      "lease_owner = $1, lease_until = now() + make_interval(secs => {}) FROM c WHERE j.id = c.id RETURNING {})",
      chosen, table.name, table.running, table.attempt, table.attempt, lease, returning);
}

std::string held_sql(const LeasedTable& table) {
  return fmt::format(" WHERE j.id = $1 AND j.lease_epoch = $2 AND j.state = '{}'", table.running);
}

std::string give_back_sql(const LeasedTable& table) {
  return fmt::format("UPDATE {} j SET state = 'available', lease_until = NULL, {} = {} - 1", table.name,
                     table.attempt, table.attempt) +
         held_sql(table);
}

std::string expire_sql(const LeasedTable& table) {
  return fmt::format(
      "WITH c AS MATERIALIZED (SELECT id FROM {0} WHERE state = '{1}' AND lease_until < now() LIMIT 1000 FOR UPDATE "
      "SKIP LOCKED) UPDATE {0} j SET state = 'available', lease_until = NULL FROM c WHERE j.id = c.id",
      table.name, table.running);
}

std::string backoff_sql(std::string_view base, std::string_view attempt, std::string_view most) {
  return fmt::format("now() + make_interval(secs => least({} * power(2, {}), {}) * (0.5 + random()))", base,
                     attempt, most);
}

std::string storable(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    const bool good = lead != 0 && size <= text.size() &&
                      Poco::UTF8Encoding::isLegal(reinterpret_cast<const unsigned char*>(text.data()),
                                                  static_cast<int>(size));
    if (out.size() + (good ? size : 1) > most) break;
    out += good ? text.substr(0, size) : std::string_view("?");
    text.remove_prefix(good ? size : 1);
  }
  return out;
}

}  // namespace kernel::work
