// One transaction: statements until commit or rollback, in the time that is left.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "kernel/database/connection.hpp"
#include "kernel/database/link.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::database {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The server's own limit strikes first and leaves the connection usable; ours is for a server that stands
// still.
constexpr milliseconds kGrace{200};
// Telling the server a shorter limit costs it work; small differences are left to kGrace and the next
// statement.
constexpr milliseconds kLimitSlack{100};
constexpr milliseconds kRollbackTime{1000};

constexpr std::string_view kAllowed[] = {"select", "insert", "update", "delete", "with",
                                         "values", "merge",  "lock",   "explain"};

// Functions that change settings, the role among them, or run a text of SQL that nobody has looked at; and
// the way to write a name so that it is not seen here.
constexpr std::string_view kRefusedWords[] = {"set_config", "query_to_xml", "cursor_to_xml",
                                              "ts_stat",    "ts_rewrite",   "u&\""};

/// Control of transaction, role and settings is the host's: such a statement would undo what begin()
/// promised. This holds against mistakes and injected text; a plugin's own SQL functions are the plugin.
void check_statement(std::string_view sql) {
  std::size_t at = sql.find_first_not_of(" \t\r\n(");
  while (at != std::string_view::npos && sql.substr(at).starts_with("--")) {
    at = sql.find('\n', at);
    if (at != std::string_view::npos) at = sql.find_first_not_of(" \t\r\n(", at);
  }
  std::string word;
  for (; at < sql.size() && std::isalpha(static_cast<unsigned char>(sql[at])); ++at)
    word += static_cast<char>(std::tolower(static_cast<unsigned char>(sql[at])));
  if (std::find(std::begin(kAllowed), std::end(kAllowed), word) == std::end(kAllowed))
    throw portico::Problem(
        500, "database.statement",
        fmt::format("a statement here begins with select, insert, update, delete, merge, values, "
                    "with, lock or explain, not with \"{}\"",
                    word));
  std::string lower(sql);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto says = [&](std::string_view text) { return lower.find(text) != std::string::npos; };
  for (const auto refused : kRefusedWords)
    if (says(refused))
      throw portico::Problem(500, "database.statement", fmt::format("a statement must not say {}", refused));
  if (says("pg_settings") && says("update"))
    throw portico::Problem(500, "database.statement", "settings are the host's");
}

void check_role(std::string_view role) {
  if (role.empty() || role.size() > 63 || !std::all_of(role.begin(), role.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      }))
    throw portico::Problem(500, "database.scope", "a role must be a lower-case name");
}

/// The counters of how transactions end, looked up once.
struct Endings {
  static observe::Counter& of(const char* outcome) {
    return observe::counter("portico_database_transactions_total", "Transactions by how they ended",
                            {{"outcome", outcome}});
  }
  observe::Counter& commit = of("commit");
  observe::Counter& rollback = of("rollback");
  observe::Counter& unknown = of("unknown");
  observe::Counter& lost = of("lost");
};
Endings& ended() {
  static Endings endings;
  return endings;
}

}  // namespace

Transaction::Transaction(Pool& pool, std::unique_ptr<Link> link, std::string role, Deadline deadline)
    : pool_(&pool), link_(std::move(link)), role_(std::move(role)), deadline_(deadline) {}

Transaction::Transaction(Transaction&&) noexcept = default;

Transaction& Transaction::operator=(Transaction&& other) noexcept {
  if (this == &other) return *this;
  rollback();
  pool_ = other.pool_;
  link_ = std::move(other.link_);
  role_ = std::move(other.role_);
  deadline_ = other.deadline_;
  server_limit_ = other.server_limit_;
  failed_ = other.failed_;
  outcome_unknown_ = other.outcome_unknown_;
  return *this;
}

Transaction::~Transaction() {
  rollback();
}

Result Transaction::run(std::string_view sql, std::span<const Value> params) {
  return execute(role_, sql, params);
}

Result Transaction::run_as(std::string_view role, std::string_view sql, std::span<const Value> params) {
  check_role(role);
  return execute(role, sql, params);
}

Result Transaction::execute(std::string_view role, std::string_view sql, std::span<const Value> params) {
  static observe::Histogram& seconds =
      observe::histogram("portico_database_statement_seconds", "Time of one statement, round trip included");
  if (!link_) throw portico::Problem(500, "database.ended", "the transaction has ended");
  if (failed_)
    throw portico::Problem(500, "database.aborted", "an earlier statement of the transaction failed");
  check_statement(sql);
  const auto now = steady_clock::now();
  if (deadline_ <= now) {
    rollback();
    throw portico::Problem(503, "database.timeout", "no time is left for the statement", 1);
  }
  const auto limit = std::clamp(std::chrono::ceil<milliseconds>(deadline_ - now), milliseconds(1),
                                pool_->settings_.statement_limit);
  std::vector<std::string> before, after;
  if (limit + kLimitSlack < server_limit_) {
    before.push_back(fmt::format("SET LOCAL statement_timeout = {}", limit.count()));
    server_limit_ = limit;
  }
  if (role != role_) {
    before.push_back(fmt::format("SET LOCAL ROLE \"{}\"", role));
    after.push_back(fmt::format("SET LOCAL ROLE \"{}\"", role_));
  }
  try {
    Result result = link_->exchange(before, sql, params, after, now + limit + kGrace);
    seconds.observe(std::chrono::duration<double>(steady_clock::now() - now).count());
    return result;
  } catch (const SqlFailure& failure) {
    failed_ = true;
    throw to_problem(failure.error);
  } catch (const LinkLost& failure) {
    failed_ = true;
    link_->taint();
    give_back();
    ended().lost.add();
    if (failure.timed_out) throw portico::Problem(503, "database.timeout", failure.text, 1);
    throw portico::Problem(503, "database.unavailable", failure.text, 2);
  }
}

void Transaction::commit() {
  if (!link_) throw portico::Problem(500, "database.ended", "the transaction has ended");
  if (failed_) {
    rollback();
    throw portico::Problem(500, "database.aborted", "an earlier statement of the transaction failed");
  }
  // Once sent, an answer is worth waiting for: giving up early only turns a known outcome into an unknown
  // one.
  const auto until = std::max(deadline_, steady_clock::now() + kRollbackTime);
  try {
    const std::string tag = link_->command("COMMIT", until);
    give_back();
    if (tag != "COMMIT") {
      ended().rollback.add();
      throw portico::Problem(500, "database.aborted", "PostgreSQL rolled the transaction back at COMMIT");
    }
    ended().commit.add();
  } catch (const SqlFailure& failure) {
    if (failure.error.sqlstate.starts_with("57P") || failure.error.sqlstate.starts_with("08")) {
      lose_commit(failure.error.message);
    }
    give_back();
    ended().rollback.add();
    throw to_problem(failure.error);
  } catch (const LinkLost& failure) {
    lose_commit(failure.text);
  }
}

void Transaction::lose_commit(const std::string& why) {
  outcome_unknown_ = true;
  link_->taint();
  give_back();
  ended().unknown.add();
  throw portico::Problem(503, "database.commit_unknown", "the answer to COMMIT was lost: " + why, 1);
}

void Transaction::rollback() noexcept {
  if (!link_) return;
  try {
    link_->command("ROLLBACK", steady_clock::now() + kRollbackTime);
  } catch (const std::exception&) {
    link_->taint();
  }
  give_back();
  ended().rollback.add();
}

void Transaction::give_back() noexcept {
  if (link_) pool_->give_back(std::move(link_));
}

}  // namespace kernel::database
