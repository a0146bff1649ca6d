// Applies migrations: schemas, roles and rights first, then every missing file.
#include "kernel/database/migrations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <portico/problem.hpp>
#include <set>

#include "kernel/database/link.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::database {
namespace {

using std::chrono::steady_clock;

constexpr std::int64_t kLockKey = 0x706f727469636f;  // any number that is the same in every replica

[[noreturn]] void refuse(const char* code, std::string detail) {
  throw portico::Problem(500, code, std::move(detail));
}

/// The connection of one run, whose failures read as sentences.
class Session {
 public:
  Session(const DatabaseUrl& url, steady_clock::time_point deadline) : deadline_(deadline) {
    try {
      const auto connect = url.connect_timeout.value_or(std::chrono::seconds(5));
      link_ = Link::open(url, "portico migrate", 16, std::min(deadline, steady_clock::now() + connect));
    } catch (const std::exception& failure) {
      throw portico::Problem(503, "database.unavailable", failure.what(), 2);
    }
  }

  Result query(std::string_view sql, std::initializer_list<Value> params = {}) {
    return translate(sql, [&] {
      return link_->exchange({}, sql, std::span<const Value>(params.begin(), params.size()), {}, deadline_);
    });
  }

  void script(const std::string& sql) {
    translate(sql, [&] {
      link_->script(sql, deadline_);
      return Result{};
    });
  }

  Link& link() { return *link_; }
  steady_clock::time_point deadline() const { return deadline_; }

 private:
  template <class Call>
  Result translate(std::string_view sql, Call call) {
    try {
      return call();
    } catch (const SqlFailure& failure) {
      refuse("migrations.failed", fmt::format("{} [{}] {} in: {:.200}", failure.error.message,
                                              failure.error.sqlstate, failure.error.detail, sql));
    } catch (const LinkLost& lost) {
      throw portico::Problem(503, "database.unavailable", lost.text, 2);
    }
  }

  std::unique_ptr<Link> link_;
  steady_clock::time_point deadline_;
};

struct Applied {
  std::string name;
  std::string sha256;
};
using AppliedByOwner = std::map<std::string, std::map<int, Applied>>;

AppliedByOwner read_applied(Session& session) {
  AppliedByOwner applied;
  if (is_null(session.query("SELECT to_regclass('kernel.migrations')::text").at(0, 0))) return applied;
  const Result rows = session.query("SELECT owner, number, name, sha256 FROM kernel.migrations");
  for (std::size_t row = 0; row < rows.rows(); ++row)
    applied[rows.get<std::string>(row, "owner")][static_cast<int>(rows.get<std::int64_t>(row, "number"))] = {
        rows.get<std::string>(row, "name"), rows.get<std::string>(row, "sha256")};
  return applied;
}

/// What is missing, after every applied file was found unchanged.
std::vector<Migration> missing(const std::vector<Migration>& files, const AppliedByOwner& applied) {
  std::map<std::string, std::map<int, const Migration*>> known;
  for (const Migration& file : files) known[file.owner][file.number] = &file;
  for (const auto& [owner, numbers] : applied) {
    const auto ours = known.find(owner);
    if (ours == known.end())
      refuse("migrations.unknown_owner",
             fmt::format(
                 "the database holds migrations of \"{}\", which has no folder here; put the folder back, or "
                 "add a kernel migration that drops its schema, its role and its rows of kernel.migrations",
                 owner));
    for (const auto& [number, was] : numbers) {
      const auto file = ours->second.find(number);
      const std::string id = fmt::format("{}/{:04}_{}.sql", owner, number, was.name);
      if (file == ours->second.end())
        refuse("migrations.changed", id + " was applied and is gone; put it back");
      if (file->second->name != was.name)
        refuse("migrations.changed", fmt::format("{} was applied and is now called {}; give it its name back",
                                                 id, file->second->name));
      if (file->second->sha256 != was.sha256)
        refuse("migrations.changed",
               id + " was edited after it was applied; undo the edit and add a new file");
    }
  }
  std::vector<Migration> out;
  for (const Migration& file : files) {
    const auto owner = applied.find(file.owner);
    if (owner == applied.end() || !owner->second.contains(file.number)) out.push_back(file);
  }
  return out;
}

void demand_right(bool has, const std::string& what, const std::string& remedy) {
  if (!has) refuse("migrations.right", fmt::format("{}; an administrator gives it by: {}", what, remedy));
}

/// Schema, role and standing rights of one owner.
void prepare_owner(Session& session, const std::string& owner) {
  const std::string schema = schema_of(owner);
  const std::string role = role_of(owner);
  const Result state = session.query(
      "SELECT current_user::text AS login, current_database()::text AS database, "
      "has_database_privilege(current_database(), 'CREATE') AS may_create, "
      "(SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_create_role, "
      "(SELECT nspowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) FROM pg_namespace "
      "  WHERE nspname = $1) AS owns_schema, "
      "(SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $2) AS too_strong, "
      "CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = $2) "
      "  THEN pg_has_role(current_user, $2::name, 'USAGE') END AS member",
      {schema, role});
  const auto& login = state.get<std::string>(0, "login");
  const auto& database = state.get<std::string>(0, "database");
  const bool schema_exists = !is_null(state.at(0, "owns_schema"));
  const bool role_exists = !is_null(state.at(0, "member"));

  if (!schema_exists) {
    demand_right(state.get<bool>(0, "may_create"),
                 fmt::format("the login {} lacks the right CREATE on the database {}", login, database),
                 fmt::format("GRANT CREATE ON DATABASE \"{}\" TO \"{}\"", database, login));
    session.script(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", schema));
  } else {
    demand_right(state.get<bool>(0, "owns_schema"),
                 fmt::format("the login {} does not own the schema {}", login, schema),
                 fmt::format("ALTER SCHEMA {} OWNER TO \"{}\"", schema, login));
  }
  if (!role_exists) {
    demand_right(state.get<bool>(0, "may_create_role"),
                 fmt::format("the login {} lacks CREATEROLE, needed to make {}", login, role),
                 fmt::format("ALTER ROLE \"{}\" CREATEROLE", login));
    // Roles are the server's, not the database's: a run in another database may make the same one now.
    session.script(
        fmt::format("DO $$ BEGIN CREATE ROLE {} NOLOGIN; "
                    "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
                    role));
  } else if (state.get<bool>(0, "too_strong")) {
    refuse("migrations.right",
           fmt::format("the role {} is a superuser or bypasses row-level security; an "
                       "administrator ends that by: ALTER ROLE {} NOSUPERUSER NOBYPASSRLS",
                       role, role));
  }
  if (!role_exists || !state.get<bool>(0, "member")) {
    try {
      session.link().script(fmt::format("GRANT {} TO CURRENT_USER", role), session.deadline());
    } catch (const SqlFailure& failure) {
      demand_right(false,
                   fmt::format("the login {} may not act as {} ({})", login, role, failure.error.message),
                   fmt::format("GRANT {} TO \"{}\"", role, login));
    }
  }
  session.script(fmt::format(
      "REVOKE ALL ON SCHEMA {0} FROM PUBLIC; GRANT USAGE ON SCHEMA {0} TO {1};"
      "ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {1};"
      "ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT USAGE ON SEQUENCES TO {1};"
      "ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT EXECUTE ON FUNCTIONS TO {1};"
      "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;",
      schema, role));
  // The functions that policies call live in the kernel's schema; its tables are granted to nobody but its
  // role.
  if (owner != "kernel")
    session.script(
        fmt::format("GRANT USAGE ON SCHEMA kernel TO {0};"
                    "GRANT EXECUTE ON FUNCTION kernel.current_user_id(), kernel.is_system() TO {0}",
                    role));
}

void prepare_kernel(Session& session) {
  prepare_owner(session, "kernel");
  session.script(
      "CREATE TABLE IF NOT EXISTS kernel.migrations(owner text NOT NULL, number int NOT NULL, name text NOT "
      "NULL, "
      "sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY(owner, number));"
      "REVOKE ALL ON kernel.migrations FROM portico_kernel; GRANT SELECT ON kernel.migrations TO "
      "portico_kernel;"
      // Who asks: null before sign-in, and after a transaction left the setting empty.
      "CREATE OR REPLACE FUNCTION kernel.current_user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE "
      "AS $$SELECT nullif(current_setting('app.user_id', true), '')::uuid$$;"
      "CREATE OR REPLACE FUNCTION kernel.is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE "
      // The system: a transaction that said so, or a SECURITY DEFINER function of the migrations' owner, who
      // never runs a statement otherwise. (A SET clause on such functions would need a superuser for a custom
      // parameter.)
      "AS $$SELECT coalesce(current_setting('app.scope', true) = 'system', false) OR current_user = "
      "(SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace WHERE nspname = "
      "'kernel')$$;");
}

void apply(Session& session, const Migration& migration) {
  const std::string id = fmt::format("{}/{:04}_{}.sql", migration.owner, migration.number, migration.name);
  session.script("BEGIN");
  try {
    session.link().script(
        fmt::format("SET LOCAL search_path = {}, pg_catalog; SET LOCAL lock_timeout = '10s';"
                    "SET LOCAL idle_in_transaction_session_timeout = 0",
                    schema_of(migration.owner)),
        session.deadline());
    session.link().script(migration.sql, session.deadline());
    session.query("INSERT INTO kernel.migrations(owner, number, name, sha256) VALUES ($1, $2, $3, $4)",
                  {migration.owner, std::int64_t{migration.number}, migration.name, migration.sha256});
    session.script("COMMIT");
  } catch (const SqlFailure& failure) {
    session.script("ROLLBACK");
    refuse("migrations.failed", fmt::format("{}: {} [{}] {}", id, failure.error.message,
                                            failure.error.sqlstate, failure.error.detail));
  } catch (const LinkLost& lost) {
    throw portico::Problem(503, "database.unavailable", id + ": " + lost.text, 2);
  }
  observe::log(observe::Level::info, "database", "migration applied", {{"file", id}});
}

void take_lock(Session& session, std::chrono::milliseconds wait) {
  // The server waits, so that the second runner goes on the moment the first one ends.
  session.script(fmt::format("SET lock_timeout = {}", std::max<std::int64_t>(1, wait.count())));
  try {
    session.link().script(fmt::format("SELECT pg_advisory_lock({})", kLockKey), session.deadline());
  } catch (const SqlFailure& failure) {
    throw portico::Problem(503, "migrations.locked",
                           fmt::format("another migration has been running for {} s: {}", wait.count() / 1000,
                                       failure.error.message),
                           5);
  } catch (const LinkLost& lost) {
    throw portico::Problem(503, "database.unavailable", lost.text, 2);
  }
  session.script("SET lock_timeout = 0");
}

}  // namespace

Migrator::Migrator(MigrationSettings settings) : settings_(std::move(settings)) {
  std::map<std::string, std::string> by_schema;
  bool kernel_first = true;
  for (const Owner& owner : settings_.owners) {
    if (by_schema.empty()) kernel_first = owner.id == "kernel";
    const auto [other, fresh] = by_schema.emplace(schema_of(owner.id), owner.id);
    if (!fresh)
      refuse("migrations.owner",
             fmt::format("\"{}\" and \"{}\" would share one schema", other->second, owner.id));
    for (Migration& migration : read_migrations(owner)) files_.push_back(std::move(migration));
  }
  if (by_schema.empty() || !kernel_first)
    refuse("migrations.folder", "the kernel's migrations must come first");
}

std::vector<Migration> Migrator::plan() const {
  Session session(settings_.url, steady_clock::now() + settings_.time_limit);
  return missing(files_, read_applied(session));
}

std::vector<Migration> Migrator::run() const {
  Session session(settings_.url, steady_clock::now() + settings_.time_limit);
  take_lock(session, settings_.lock_wait);
  std::vector<Migration> pending = missing(files_, read_applied(session));
  if (pending.empty()) return {};
  std::set<std::string> owners;
  for (const Migration& migration : pending) owners.insert(migration.owner);
  prepare_kernel(session);
  for (const std::string& owner : owners)
    if (owner != "kernel") prepare_owner(session, owner);
  for (const Migration& migration : pending) apply(session, migration);
  return pending;
}

}  // namespace kernel::database
