// What counts as destructive SQL, and what only looks like it.
#include "kernel/database/sql_scan.hpp"

#include <catch2/catch.hpp>

using namespace kernel::database;

TEST_CASE("SQL that an old replica or its data would not survive is found") {
  struct Row {
    const char* sql;
    const char* found;  // "" for nothing
  };
  for (const Row& row : {
           Row{"CREATE TABLE a(b int); DROP TABLE a", "DROP TABLE"},
           Row{"drop schema x cascade", "DROP SCHEMA"},
           Row{"DROP INDEX i", ""},
           Row{"DROP POLICY p ON t", ""},
           Row{"ALTER TABLE t DROP COLUMN c", "ALTER TABLE … DROP COLUMN"},
           Row{"ALTER TABLE t DROP c", "ALTER TABLE … DROP COLUMN"},
           Row{"ALTER TABLE t DROP CONSTRAINT c", ""},
           Row{"ALTER TABLE t ALTER c DROP NOT NULL", ""},
           Row{"ALTER TABLE t ALTER COLUMN c TYPE text", "ALTER TABLE … TYPE"},
           Row{"ALTER TABLE t ALTER COLUMN c SET DATA TYPE text", "ALTER TABLE … TYPE"},
           Row{"ALTER TABLE t RENAME TO u", "RENAME"},
           Row{"ALTER TABLE t ADD COLUMN c int", ""},
           Row{"ALTER TABLE t DISABLE ROW LEVEL SECURITY", "switching row-level security off"},
           Row{"ALTER TABLE t NO FORCE ROW LEVEL SECURITY", "switching row-level security off"},
           Row{"ALTER TABLE t FORCE ROW LEVEL SECURITY", ""},
           Row{"TRUNCATE t", "TRUNCATE"},
           Row{"DELETE FROM t", "DELETE without WHERE"},
           Row{"DELETE FROM t WHERE a = 1", ""},
           Row{"-- DROP TABLE a\nSELECT 1", ""},
           Row{"/* /* DROP */ DROP TABLE a */ SELECT 1", ""},
           Row{"SELECT 'DROP TABLE a; DROP TABLE b'", ""},
           Row{"SELECT E'\\'; DROP TABLE a; --'", ""},
           Row{"SELECT \"; DROP TABLE a\"", ""},
           Row{"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $x$ DELETE FROM t $x$", ""},
           Row{"DO $$ BEGIN IF true THEN DROP TABLE a; END IF; END $$", "DROP TABLE in a DO block"},
           Row{"COMMENT ON TABLE t IS 'x'; ALTER TYPE mood ADD VALUE 'ok'", ""},
       }) {
    INFO(row.sql);
    const auto found = find_destructive(row.sql);
    CHECK((found ? found->what : "") == row.found);
  }
}

TEST_CASE("a finding names its line") {
  const auto found = find_destructive("-- one\nSELECT 1;\n\nDROP TABLE a;\n");
  REQUIRE(found);
  CHECK(found->line == 4);
}

TEST_CASE("transaction control is found outside function bodies only") {
  CHECK(find_transaction_control("SELECT 1; COMMIT"));
  CHECK(find_transaction_control("begin"));
  CHECK_FALSE(find_transaction_control("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN END$$"));
  CHECK_FALSE(find_transaction_control("SELECT 'COMMIT'"));
}

TEST_CASE("a table without row-level security, forced and with a policy, is found over all files") {
  const std::string whole =
      "CREATE TABLE IF NOT EXISTS points(id int); ALTER TABLE points ENABLE ROW LEVEL SECURITY;"
      "ALTER TABLE points FORCE ROW LEVEL SECURITY; CREATE POLICY own ON points USING (true);";
  CHECK(tables_without_row_security({whole}).empty());
  CHECK(tables_without_row_security(
            {"CREATE TABLE acme.\"Points\"(id int)",
             "ALTER TABLE acme.\"Points\" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
             "CREATE POLICY own ON acme.\"Points\" USING (true)"})
            .empty());
  CHECK(tables_without_row_security({"CREATE TABLE a(id int); DROP TABLE a; CREATE TEMP TABLE b(id int)"})
            .empty());
  struct Row {
    const char *left_out, *why;
  };
  for (const Row& row : {Row{"ALTER TABLE points ENABLE ROW LEVEL SECURITY;", "not switched on"},
                         Row{"ALTER TABLE points FORCE ROW LEVEL SECURITY;", "its owner sees all"},
                         Row{"CREATE POLICY own ON points USING (true);", "nobody sees anything"}}) {
    INFO(row.why);
    auto sql = whole;
    sql.replace(sql.find(row.left_out), std::string_view(row.left_out).size(), "");
    CHECK(tables_without_row_security({sql}) == std::vector<std::string>{"points"});
  }
  CHECK(tables_without_row_security({whole, "ALTER TABLE points NO FORCE ROW LEVEL SECURITY"}).size() == 1);
  CHECK(tables_without_row_security({"CREATE UNLOGGED TABLE Open(id int)"}) ==
        std::vector<std::string>{"open"});
}
