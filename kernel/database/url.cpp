// Reads DATABASE_URL and REDIS_URL.
#include "kernel/database/url.hpp"

#include <fmt/format.h>

#include <charconv>
#include <portico/problem.hpp>

namespace kernel::database {
namespace {

/// Says what is wrong with one of the two variables, never what its value is.
class Reader {
 public:
  Reader(std::string variable, std::string code) : variable_(std::move(variable)), code_(std::move(code)) {}

  [[noreturn]] void refuse(std::string_view what) const {
    throw portico::Problem(500, code_, fmt::format("{}: {}", variable_, what));
  }

  std::string decode(std::string_view text, std::string_view part) const {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') {
        out += text[i];
        continue;
      }
      unsigned byte = 0;
      const char* first = text.data() + i + 1;
      if (i + 2 >= text.size() || std::from_chars(first, first + 2, byte, 16).ptr != first + 2 || byte == 0)
        refuse(fmt::format("the {} has a '%' that is not followed by two hexadecimal digits; write % as %25",
                           part));
      out += static_cast<char>(byte);
      i += 2;
    }
    return out;
  }

  int number(std::string_view text, std::string_view part, int low, int high) const {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high)
      refuse(fmt::format("the {} must be a number from {} to {}", part, low, high));
    return value;
  }

 private:
  std::string variable_;
  std::string code_;
};

/// scheme://user:password@host:port/path?query, cut but not yet decoded.
struct Parts {
  std::string_view scheme, user, password, host, port, path, query;
};

Parts cut(std::string_view url, const Reader& reader, std::string_view shape) {
  Parts parts;
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) reader.refuse(fmt::format("is no address; write {}", shape));
  parts.scheme = url.substr(0, scheme_end);
  url.remove_prefix(scheme_end + 3);
  if (url.find('#') != std::string_view::npos) reader.refuse("has a '#'; inside a password write it as %23");
  if (const auto query = url.find('?'); query != std::string_view::npos) {
    parts.query = url.substr(query + 1);
    url = url.substr(0, query);
  }
  if (const auto path = url.find('/'); path != std::string_view::npos) {
    parts.path = url.substr(path + 1);
    url = url.substr(0, path);
  }
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    std::string_view login = url.substr(0, at);
    url.remove_prefix(at + 1);
    const auto colon = login.find(':');
    parts.user = login.substr(0, colon);
    if (colon != std::string_view::npos) parts.password = login.substr(colon + 1);
  }
  if (url.starts_with('[')) {
    const auto close = url.find(']');
    if (close == std::string_view::npos) reader.refuse("has an address that begins with '[' and has no ']'");
    parts.host = url.substr(1, close - 1);
    url.remove_prefix(close + 1);
    if (!url.empty() && !url.starts_with(':')) reader.refuse("has something other than a port after ']'");
    if (!url.empty()) parts.port = url.substr(1);
  } else {
    const auto colon = url.find(':');
    parts.host = url.substr(0, colon);
    if (colon != std::string_view::npos) parts.port = url.substr(colon + 1);
    if (parts.port.find(':') != std::string_view::npos)
      reader.refuse("has more than one ':' in host and port; write an IPv6 address in brackets");
  }
  return parts;
}

void read_parameter(DatabaseUrl& out, std::string_view name, std::string value, const Reader& reader) {
  static constexpr std::string_view kModes[] = {"disable", "allow",     "prefer",
                                                "require", "verify-ca", "verify-full"};
  if (name == "host") {
    out.host = std::move(value);
  } else if (name == "schema") {
    if (value != "public")
      reader.refuse("only schema=public is accepted: every module keeps its tables in a schema of its own");
  } else if (name == "sslmode") {
    if (std::find(std::begin(kModes), std::end(kModes), value) == std::end(kModes))
      reader.refuse("sslmode is one of disable, allow, prefer, require, verify-ca, verify-full");
    out.sslmode = std::move(value);
  } else if (name == "sslrootcert") {
    out.sslrootcert = std::move(value);
  } else if (name == "connect_timeout") {
    out.connect_timeout = std::chrono::seconds(reader.number(value, "connect_timeout", 1, 60));
  } else {
    reader.refuse(
        fmt::format("the parameter \"{}\" is not known; known are host, schema, sslmode, sslrootcert and "
                    "connect_timeout",
                    name));
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> DatabaseUrl::keywords() const {
  std::vector<std::pair<std::string, std::string>> out{
      {"host", host}, {"port", std::to_string(port)}, {"user", user}, {"dbname", database}};
  if (!password.empty()) out.emplace_back("password", password);
  if (!sslmode.empty()) out.emplace_back("sslmode", sslmode);
  if (!sslrootcert.empty()) out.emplace_back("sslrootcert", sslrootcert);
  return out;
}

std::string DatabaseUrl::shown() const {
  return fmt::format("{}:{}/{} as {}", host, port, database, user);
}

DatabaseUrl parse_database_url(std::string_view url) {
  const Reader reader("DATABASE_URL", "config.database_url");
  constexpr std::string_view kShape = "postgresql://user:password@host:5432/database";
  const Parts parts = cut(url, reader, kShape);
  if (parts.scheme != "postgresql" && parts.scheme != "postgres")
    reader.refuse(fmt::format("begins with another word than postgresql://; write {}", kShape));
  DatabaseUrl out;
  out.host = reader.decode(parts.host, "host");
  out.user = reader.decode(parts.user, "user");
  out.password = reader.decode(parts.password, "password");
  out.database = reader.decode(parts.path, "database");
  if (!parts.port.empty()) out.port = reader.number(parts.port, "port", 1, 65535);
  for (std::string_view query = parts.query; !query.empty();) {
    const auto next = query.find('&');
    const std::string_view pair = query.substr(0, next);
    query = next == std::string_view::npos ? std::string_view{} : query.substr(next + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos)
      reader.refuse(fmt::format("the parameter \"{}\" has no value", pair));
    read_parameter(out, pair.substr(0, equals),
                   reader.decode(pair.substr(equals + 1), pair.substr(0, equals)), reader);
  }
  if (out.user.empty()) reader.refuse(fmt::format("names no user; write {}", kShape));
  if (out.database.empty()) reader.refuse(fmt::format("names no database; write {}", kShape));
  if (out.database.find('/') != std::string::npos)
    reader.refuse("has a '/' in the database's name; a '/' inside a password is written as %2F");
  if (out.host.empty()) out.host = "localhost";
  return out;
}

std::string RedisUrl::shown() const {
  return fmt::format("{}:{}/{}", host, port, database);
}

RedisUrl parse_redis_url(std::string_view url) {
  const Reader reader("REDIS_URL", "config.redis_url");
  constexpr std::string_view kShape = "redis://host:6379 or redis://:password@host:6379/0";
  const Parts parts = cut(url, reader, kShape);
  if (parts.scheme == "rediss")
    reader.refuse("rediss:// (encrypted) is not offered yet; use redis:// on a private network");
  if (parts.scheme != "redis")
    reader.refuse(fmt::format("begins with another word than redis://; write {}", kShape));
  if (!parts.query.empty()) reader.refuse(fmt::format("takes no parameters after '?'; write {}", kShape));
  RedisUrl out;
  out.host = reader.decode(parts.host, "host");
  if (out.host.empty()) reader.refuse(fmt::format("names no host; write {}", kShape));
  out.user = reader.decode(parts.user, "user");
  out.password = reader.decode(parts.password, "password");
  if (!out.user.empty() && out.password.empty()) reader.refuse("names a user but no password");
  if (!parts.port.empty()) out.port = reader.number(parts.port, "port", 1, 65535);
  if (!parts.path.empty()) out.database = reader.number(parts.path, "database", 0, 1023);
  return out;
}

}  // namespace kernel::database
