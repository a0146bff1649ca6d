// Points in the database, each row its owner's.
#pragma once

#include <portico/contract.hpp>
#include <portico/database.hpp>
#include <string>
#include <vector>

namespace loyalty {

struct Credit {
  std::string invoice_id;
  std::int64_t points = 0;
  std::string credited_at;  // RFC 3339, UTC
};
BOOST_DESCRIBE_STRUCT(Credit, (), (invoice_id, points, credited_at))

struct Balance {
  std::int64_t points = 0;
  std::vector<Credit> credits;  // the newest first, at most 100
};
BOOST_DESCRIBE_STRUCT(Balance, (), (points, credits))

Balance read_balance(portico::Transaction& tx);

/// Once for each invoice, however often it is called.
void add_credit(portico::Transaction& tx, const std::string& user_id, const std::string& invoice_id,
                std::int64_t points);

}  // namespace loyalty
