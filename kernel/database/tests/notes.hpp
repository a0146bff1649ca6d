// A migrated database with one owner whose rows belong to users, for tests of transactions.
#pragma once

#include <portico/problem.hpp>
#include <string>

#include "kernel/database/tests/test_database.hpp"

namespace kernel::database::testing {

inline const std::string kAda = "11111111-1111-4111-8111-111111111111";
inline const std::string kBob = "22222222-2222-4222-8222-222222222222";

/// A database with one owner "notes", whose table holds rows of users under row-level security.
struct Notes {
  Notes() {
    folder.write("kernel/0001_start.sql",
                 "CREATE TABLE kernel.mark(id int PRIMARY KEY, text text NOT NULL);");
    folder.write("notes/0001_start.sql", R"(
      CREATE TABLE notes.note(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL,
                              text text NOT NULL UNIQUE);
      ALTER TABLE notes.note ENABLE ROW LEVEL SECURITY;
      ALTER TABLE notes.note FORCE ROW LEVEL SECURITY;
      CREATE POLICY owner ON notes.note
        USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
        WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));
      CREATE TABLE notes.counter(id int PRIMARY KEY, n bigint NOT NULL);
      INSERT INTO notes.counter VALUES (1, 0);)");
    Migrator({database.url(), owners_in(folder.path())}).run();
  }

  PoolSettings settings(std::size_t connections = 4) const {
    PoolSettings out;
    out.url = database.url();
    out.max_connections = connections;
    // A busy machine is not what these tests are about.
    out.acquire_wait = out.connect_timeout = out.begin_timeout = out.statement_limit =
        std::chrono::seconds(20);
    return out;
  }
  static Scope as(const std::string& user) { return {Scope::user, user, "", "portico_notes"}; }
  static Scope system() { return {Scope::system, "", "test", "portico_notes"}; }

  TestDatabase database;
  TestFolder folder;
};

/// The code of the Problem that the call throws; empty when it throws none.
template <class Call>
std::string code_of(Call call) {
  try {
    call();
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
  return "";
}

}  // namespace kernel::database::testing
