// A database with the kernel's own tables, and a way to wait for what happens in it.
#pragma once

#include <thread>

#include "kernel/database/connection.hpp"
#include "kernel/database/tests/test_database.hpp"

namespace kernel::work::testing {

/// Waits until the condition holds; false when it did not in that time.
template <class Condition>
bool becomes(Condition condition, std::chrono::milliseconds most = std::chrono::seconds(60)) {
  for (const auto until = std::chrono::steady_clock::now() + most;
       std::chrono::steady_clock::now() < until;) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return false;
}

struct KernelDatabase {
  KernelDatabase() { database::Migrator({database.url(), {{"kernel", PORTICO_MIGRATIONS "/kernel"}}}).run(); }
  database::PoolSettings settings() const {
    database::PoolSettings out;
    out.url = database.url();
    out.max_connections = 8;
    // A busy machine is not what these tests are about.
    out.acquire_wait = out.connect_timeout = out.begin_timeout = out.statement_limit =
        std::chrono::seconds(20);
    return out;
  }
  database::Transaction begin() {
    return pool.begin({database::Scope::system, {}, "test", "portico_kernel"}, database::testing::soon());
  }
  /// One statement, committed.
  database::Result run(std::string_view sql) {
    auto transaction = begin();
    auto result = transaction.run(sql);
    transaction.commit();
    return result;
  }

  database::testing::TestDatabase database;
  database::Pool pool{settings()};
};

}  // namespace kernel::work::testing
