// The fake host's database table: libpq, binary results, the plugin's role and scope.
#include "domain/digest.hpp"
#include "tests/support/fake_state.hpp"

namespace auth::testing {
namespace {

using S = FakeHost::State;

struct Cell {
  portico_value value{};
  std::string text;
};

std::int64_t big_endian(const char* data, int size) {
  std::int64_t out = (static_cast<unsigned char>(data[0]) & 0x80) != 0 ? -1 : 0;  // the sign
  for (int i = 0; i < size; ++i) out = (out << 8) | static_cast<unsigned char>(data[i]);
  return out;
}

constexpr std::int64_t kEpoch_us = 946'684'800'000'000;

template <class Fn>
portico_status guarded(portico_error* error, Fn fn) {
  return portico::call::guard(error, fn);
}

portico_status begin(const portico_host* h, const portico_scope* scope, portico_handle* out,
                     portico_error* error) {
  return guarded(error, [&] {
    auto& s = S::of(h);
    PGconn* connection = nullptr;
    if (s.idle.empty())
      connection = s.database->connect();
    else
      connection = s.idle.back(), s.idle.pop_back();
    const auto user = std::string(view(scope->user_id));
    if (user.empty() && view(scope->system_reason).empty()) throw Problem(500, "database.scope");
    s.command(connection,
              fmt::format("BEGIN; SET LOCAL ROLE portico_auth; SET LOCAL search_path = auth; "
                          "SELECT set_config('app.user_id', '{}', true), set_config('app.scope', '{}', true)",
                          user, user.empty() ? "system" : "user")
                  .c_str());
    s.transactions[*out = ++s.next] = {connection, {}, {}};
  });
}

struct RowSet {
  std::vector<Cell> cells;
  std::vector<portico_value> raw;
  std::vector<std::string> names;
  std::vector<portico_str> columns;
};

void decode(Cell& cell, Oid type, const char* data, int size, const char* column) {
  auto& v = cell.value;
  switch (type) {
    case 16:
      v.kind = PORTICO_VALUE_BOOL, v.integer = data[0] != 0;
      return;
    case 20:
    case 21:
    case 23:
      v.kind = PORTICO_VALUE_INT, v.integer = big_endian(data, size);
      return;
    case 1184:
      v.kind = PORTICO_VALUE_TIME, v.integer = big_endian(data, 8) + kEpoch_us;
      return;
    case 17:
      v.kind = PORTICO_VALUE_BYTES, cell.text.assign(data, static_cast<std::size_t>(size));
      break;
    case 25:
    case 1043:
    case 3802:
    case 114:
      v.kind = PORTICO_VALUE_TEXT, cell.text.assign(data, static_cast<std::size_t>(size));
      break;
    case 2950: {
      const auto h = hex({data, 16});
      v.kind = PORTICO_VALUE_TEXT;
      cell.text = fmt::format("{}-{}-{}-{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(12, 4),
                              h.substr(16, 4), h.substr(20));
      break;
    }
    case 2278:
      return;  // void
    default:
      throw Problem(500, "database.type", fmt::format("column {} has type {}", column, type));
  }
  v.text = to_str(cell.text);
}

portico_status run(const portico_host* h, portico_handle handle, portico_str sql,
                   const portico_value* parameters, uint64_t count, portico_rows* out, portico_error* error) {
  return guarded(error, [&] {
    auto& s = S::of(h);
    PGconn* connection = s.transactions.at(handle).connection;
    std::vector<std::string> texts(count);
    std::vector<const char*> values(count);
    std::vector<int> lengths(count), formats(count);
    std::vector<Oid> types(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto& p = parameters[i];
      switch (p.kind) {
        case PORTICO_VALUE_NULL:
          continue;
        case PORTICO_VALUE_BOOL:
          texts[i] = p.integer ? "t" : "f", types[i] = 16;
          break;
        case PORTICO_VALUE_INT:
          texts[i] = std::to_string(p.integer), types[i] = 20;
          break;
        case PORTICO_VALUE_TEXT:
          texts[i] = std::string(view(p.text));
          break;
        case PORTICO_VALUE_BYTES:
          texts[i] = std::string(view(p.text)), types[i] = 17, formats[i] = 1;
          break;
        default:
          throw Problem(500, "sdk.invalid_argument", "a kind this fake does not know");
      }
      values[i] = texts[i].data(), lengths[i] = static_cast<int>(texts[i].size());
    }
    PGresult* result = PQexecParams(connection, std::string(view(sql)).c_str(), static_cast<int>(count),
                                    types.data(), values.data(), lengths.data(), formats.data(), 1);
    const std::unique_ptr<PGresult, decltype(&PQclear)> held(result, &PQclear);
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      const std::string state =
          PQresultErrorField(result, PG_DIAG_SQLSTATE) ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : "";
      if (state == "23505") throw Problem(409, "database.conflict", PQresultErrorMessage(result));
      throw Problem(500, "database.statement", PQresultErrorMessage(result));
    }
    auto rows = std::make_shared<RowSet>();
    const int n = PQntuples(result), m = PQnfields(result);
    const auto width = static_cast<std::size_t>(m);
    rows->cells.resize(static_cast<std::size_t>(n) * width);
    for (int c = 0; c < m; ++c) rows->names.push_back(PQfname(result, c));
    for (const auto& name : rows->names) rows->columns.push_back(to_str(name));
    for (int r = 0; r < n; ++r)
      for (int c = 0; c < m; ++c)
        if (!PQgetisnull(result, r, c))
          decode(rows->cells[static_cast<std::size_t>(r) * width + static_cast<std::size_t>(c)],
                 PQftype(result, c), PQgetvalue(result, r, c), PQgetlength(result, r, c), PQfname(result, c));
    for (const auto& cell : rows->cells) rows->raw.push_back(cell.value);
    s.leases[++s.next] = rows;
    *out = {s.next,
            static_cast<std::uint64_t>(n),
            static_cast<std::uint64_t>(m),
            rows->columns.data(),
            rows->raw.data(),
            static_cast<std::uint64_t>(std::strtoull(PQcmdTuples(result), nullptr, 10))};
  });
}

void end(S& s, portico_handle handle, bool commit) {
  const auto found = s.transactions.find(handle);
  if (found == s.transactions.end()) return;
  auto open = std::move(found->second);
  s.transactions.erase(found);
  s.command(open.connection, commit ? "COMMIT" : "ROLLBACK");
  s.idle.push_back(open.connection);
  if (!commit) return;
  for (auto& mail : open.mails) s.self->mails.push_back(std::move(mail));
  for (auto& row : open.audit) s.self->audit.push_back(std::move(row));
}
portico_status commit(const portico_host* h, portico_handle handle, portico_error* error) {
  return guarded(error, [&] { end(S::of(h), handle, true); });
}
void rollback(const portico_host* h, portico_handle handle) {
  guarded(nullptr, [&] { end(S::of(h), handle, false); });
}

}  // namespace

const portico_database kFakeDatabase{sizeof(portico_database), 0, begin, run, commit, rollback};

}  // namespace auth::testing
