// The table of the host's keys, and the reader that checks them all before it complains.
#include "kernel/config/settings.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <charconv>
#include <portico/problem.hpp>

#include "kernel/config/suggestion.hpp"

namespace kernel::config {

using portico::Problem;

const std::vector<KeyInfo>& known_keys() {
  static const std::vector<KeyInfo> keys{
      {"portal.name", "Portico", "Name of the portal in titles and mail", {"NEXT_PUBLIC_APP_NAME"}},
      {"portal.time_zone", "Asia/Tokyo", "IANA zone of dates that carry none", {}},
      {"portal.default_language", "en", "en or ja: for a visitor whose browser asks for neither", {}},
      {"public.url",
       "",
       "How browsers reach the portal: scheme://host[:port]; empty: http://localhost and http.port",
       {}},
      {"http.address", "127.0.0.1", "Numeric address to listen on", {}},
      {"http.port", "8080", "Port to listen on; 0 picks a free one", {"BFF_PORT"}},
      {"http.reactors", "0", "Event loops; 0 is one per core", {}},
      {"http.trusted_proxies",
       "",
       "Addresses whose X-Forwarded-For and -Proto count; true: loopback",
       {"TRUST_PROXY"}},
      {"http.read_deadline_ms", "8000", "Longest GET", {}},
      {"http.write_deadline_ms", "15000", "Longest other request", {}},
      {"http.drain_notice_ms",
       "2000",
       "After SIGTERM: how long connections are still accepted while /readyz says no",
       {}},
      {"http.drain_ms", "8000", "After that: how long requests may take to end", {}},
      {"http.tls.certificate", "", "PEM file: certificate, then chain; empty: plain HTTP", {}},
      {"http.tls.key", "", "PEM file of its key, not readable by others", {}},
      {"http.max_connections", "0", "Open connections at most; 0: below half the descriptor limit", {}},
      {"http.max_connections_per_address",
       "256",
       "Open connections of one address (of a v6 /64); proxies do not count",
       {}},
      {"http.head_deadline_ms", "10000", "Longest time for a request's head, or a TLS handshake", {}},
      {"http.idle_deadline_ms", "75000", "Longest silence between two requests of a connection", {}},
      {"http.body_grace_ms", "5000", "After it a request's body must come at http.min_rate", {}},
      {"http.send_grace_ms", "30000", "After it an answer must be taken at http.min_rate", {}},
      {"http.min_rate", "1024", "Bytes a second", {}},
      {"http.event_streams", "10000", "Open event streams of this host at most", {}},
      {"http.event_streams_per_user",
       "12",
       "Open event streams of one user at most, or of one address that is not signed in",
       {}},
      {"http.event_keep_alive_ms",
       "15000",
       "A silent event stream sends a comment after it; as often its session is looked at",
       {}},
      {"database.url", "", "postgresql://user:password@host:port/database", {"DATABASE_URL"}, true},
      {"database.connections", "16", "Connections of this host", {}},
      {"redis.url",
       "redis://127.0.0.1:6379",
       "redis://[:password@]host:port[/database]",
       {"REDIS_URL"},
       true},
      {"redis.call_timeout_ms",
       "50",
       "The longest wait for Redis; beyond it the host does without, stricter and slower",
       {}},
      {"smtp.url", "smtp://127.0.0.1:25", "smtp://[user:password@]host:port", {"SMTP_URL"}, true},
      {"mail.from", "Portico <no-reply@localhost.localdomain>", "Sender of the portal's mail", {}},
      {"security.seal_key",
       "",
       "Base64 of 32 bytes that seal personal data at rest",
       {"PORTICO_SEAL_KEY"},
       true},
      {"security.old_seal_keys",
       "",
       "Earlier seal keys, comma separated: they still open",
       {"PORTICO_OLD_SEAL_KEYS"},
       true},
      {"plugins.path", "plugins", "Folder of the built plugins: <id>/plugin.so", {"PORTICO_PLUGIN_PATH"}},
      {"plugins.cache_path",
       "",
       "Folder for the private copies that are loaded; empty: the system's temporary folder",
       {}},
      {"plugins.drain_ms",
       "30000",
       "How long requests may stay in a plugin that is replaced or disabled, before they are told to end",
       {}},
      {"plugins.retired_limit_mb",
       "256",
       "Images of replaced plugins that stay in memory; beyond it a reload asks for a restart",
       {}},
      {"control.socket",
       "",
       "Socket by which `portico plugin` talks to the host; empty: in a folder of the user's in the system's "
       "temporary folder, named by http.port",
       {}},
      {"migrations.path", "migrations", "Folder of the migrations: <owner>/NNNN_name.sql", {}},
      {"migrations.at_start", "false", "Migrate before serving (development)", {}},
      {"log.level", "info", "debug, info, warning or error", {}},
      {"cluster.replicas", "1", "Hosts that share the limits while Redis is away", {}},
      {"cache.local_bytes", "67108864", "Size of the in-process cache; 0 is none", {}},
      {"cache.load_lease_ms",
       "5000",
       "How long other replicas wait for the one that loads; beyond it another one loads",
       {}},
      {"metrics.readers", "127.0.0.1,::1", "Addresses that may read /metrics", {}},
      {"rate.read", "600/60s per user", "Rate class of GET routes", {}},
      {"rate.write", "60/60s per user", "Rate class of other routes", {}},
      {"rate.sign_in", "10/60s per address", "Rate class of sign-in", {}},
      {"rate.sign_up", "10/60s per address", "Rate class of sign-up", {}},
      {"rate.reset", "10/60s per address", "Rate class of forgotten passwords", {}},
      {"rate.refresh", "60/60s per address", "Rate class of session renewal", {}},
      {"rate.public", "600/60s per address", "Rate class of routes that anyone may read", {}},
  };
  return keys;
}

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  for (char c : text + ",") {
    if (c == ',') {
      if (!part.empty()) parts.push_back(part);
      part.clear();
    } else if (c != ' ') {
      part += c;
    }
  }
  return parts;
}

/// "10/60s per address"
bool parse_rate(const std::string& text, RateSetting& out) {
  char per[16] = {};
  long long count = 0, seconds = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%lld/%llds per %15s%n", &count, &seconds, per, &used) != 3) return false;
  const std::string_view word(per);
  if (count < 1 || seconds < 1 || used != static_cast<int>(text.size()) ||
      (word != "address" && word != "user"))
    return false;
  out = {count, std::chrono::seconds(seconds),
         word == "user" ? RateSetting::Per::user : RateSetting::Per::address};
  return true;
}

/// Reads typed values and remembers every fault.
class Reader {
 public:
  explicit Reader(const Source& source) : source_(source) {}

  std::string text(const std::string& key) {
    for (const auto& info : known_keys())
      if (info.key == key) return source_.find(key, info.variables).value_or(info.fallback);
    std::abort();  // a key that is read stands in the table
  }
  std::int64_t number(const std::string& key, std::int64_t min, std::int64_t max) {
    const auto value = text(key);
    std::int64_t n = 0;
    const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (ec != std::errc() || end != value.data() + value.size() || n < min || n > max)
      fault(key, "'" + value + "' is not a whole number from " + std::to_string(min) + " to " +
                     std::to_string(max));
    return n;
  }
  bool flag(const std::string& key) {
    const auto value = text(key);
    if (value != "true" && value != "false") fault(key, "'" + value + "' is neither true nor false");
    return value == "true";
  }
  std::string one_of(const std::string& key, const std::vector<std::string>& words) {
    auto value = text(key);
    for (const auto& word : words)
      if (value == word) return value;
    const auto hint = nearest(value, words);
    fault(key, "'" + value + "' is not known" + (hint.empty() ? "" : "; did you mean '" + hint + "'?"));
    return value;
  }
  void fault(const std::string& key, const std::string& text) { faults += key + ": " + text + "\n"; }

  std::string faults;

 private:
  const Source& source_;
};

bool loopback_name(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "[::1]";
}

void check_unknown(const Source& source, Reader& reader) {
  std::vector<std::string> names;
  for (const auto& info : known_keys()) names.push_back(info.key);
  for (const auto& [key, origin] : source.origins()) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    if (key.rfind("plugins.", 0) == 0 || key.rfind("rate.", 0) == 0) continue;
    const auto hint = nearest(key, names);
    reader.fault(key, "unknown key in " + origin + (hint.empty() ? "" : "; did you mean '" + hint + "'?"));
  }
}

}  // namespace

Settings Settings::read(const Source& source) {
  Reader in(source);
  Settings s;
  s.portal_name = in.text("portal.name");
  s.time_zone = in.text("portal.time_zone");
  s.default_language = in.one_of("portal.default_language", {"en", "ja"});
  s.http_port = static_cast<std::uint16_t>(in.number("http.port", 0, 65535));
  s.public_url = in.text("public.url");
  if (s.public_url.empty())  // a port that is picked later is known to nobody yet
    s.public_url = s.http_port ? "http://localhost:" + std::to_string(s.http_port) : "http://localhost";
  while (!s.public_url.empty() && s.public_url.back() == '/') s.public_url.pop_back();
  try {
    const Poco::URI uri(s.public_url);
    if ((uri.getScheme() != "http" && uri.getScheme() != "https") || uri.getHost().empty() ||
        !uri.getPathEtc().empty())
      in.fault("public.url", "'" + s.public_url + "' is not scheme://host[:port]");
    s.development = uri.getScheme() == "http" && loopback_name(uri.getHost());
    if (uri.getScheme() == "http" && !s.development)
      in.fault("public.url",
               "plain http is only for localhost; serve the portal by https through a proxy named in "
               "http.trusted_proxies");
  } catch (const Poco::Exception& e) {
    in.fault("public.url", e.displayText());
  }
  s.http_address = in.text("http.address");
  s.http_reactors = static_cast<int>(in.number("http.reactors", 0, 64));
  for (const auto& proxy : split(in.text("http.trusted_proxies"))) {
    if (proxy == "true")
      s.trusted_proxies.insert(s.trusted_proxies.end(), {"127.0.0.1", "::1"});
    else if (proxy != "false")
      s.trusted_proxies.push_back(proxy);
  }
  s.tls_certificate = in.text("http.tls.certificate");
  s.tls_key = in.text("http.tls.key");
  if (s.tls_certificate.empty() != s.tls_key.empty())
    in.fault("http.tls.key", "http.tls.certificate and http.tls.key go together");
  if (!s.tls_certificate.empty() && s.development)
    in.fault("http.tls.certificate", "with a certificate, public.url has to begin with https://");
  if (!s.development && s.trusted_proxies.empty() && s.tls_certificate.empty())
    in.fault("http.trusted_proxies",
             "outside localhost the portal needs TLS: set http.tls.certificate and http.tls.key, or name the "
             "proxy that ends it (TRUST_PROXY=<its address>)");
  const auto duration = [&](const char* key, std::int64_t least) {
    return std::chrono::milliseconds(in.number(key, least, 600'000));
  };
  s.read_deadline = duration("http.read_deadline_ms", 100);
  s.write_deadline = duration("http.write_deadline_ms", 100);
  s.drain_notice = duration("http.drain_notice_ms", 0);
  s.drain = duration("http.drain_ms", 0);
  s.head_deadline = duration("http.head_deadline_ms", 100);
  s.idle_deadline = duration("http.idle_deadline_ms", 100);
  s.body_grace = duration("http.body_grace_ms", 100);
  s.send_grace = duration("http.send_grace_ms", 100);
  s.min_rate = static_cast<std::uint64_t>(in.number("http.min_rate", 1, 1 << 30));
  s.event_streams = static_cast<std::size_t>(in.number("http.event_streams", 0, 10'000'000));
  s.event_streams_per_user =
      static_cast<std::size_t>(in.number("http.event_streams_per_user", 1, 10'000'000));
  s.event_keep_alive = duration("http.event_keep_alive_ms", 100);
  s.max_connections = static_cast<std::size_t>(in.number("http.max_connections", 0, 10'000'000));
  s.max_connections_per_address =
      static_cast<std::size_t>(in.number("http.max_connections_per_address", 1, 10'000'000));
  s.database_url = in.text("database.url");
  s.database_connections = static_cast<int>(in.number("database.connections", 2, 1000));
  s.redis_url = in.text("redis.url");
  s.redis_call_timeout = std::chrono::milliseconds(in.number("redis.call_timeout_ms", 5, 10'000));
  s.smtp_url = in.text("smtp.url");
  s.mail_from = in.text("mail.from");
  s.seal_key = in.text("security.seal_key");
  s.old_seal_keys = split(in.text("security.old_seal_keys"));
  s.plugin_path = in.text("plugins.path");
  s.cache_path = in.text("plugins.cache_path");
  s.plugin_drain = duration("plugins.drain_ms", 0);
  s.retired_limit = static_cast<std::uint64_t>(in.number("plugins.retired_limit_mb", 0, 65'536)) << 20;
  s.control_socket = in.text("control.socket");
  s.migration_path = in.text("migrations.path");
  s.migrate_at_start = in.flag("migrations.at_start");
  s.log_level = in.one_of("log.level", {"debug", "info", "warning", "error"});
  s.cluster_replicas = static_cast<int>(in.number("cluster.replicas", 1, 1000));
  s.cache_bytes = in.number("cache.local_bytes", 0, std::int64_t{1} << 40);
  s.cache_load_lease = std::chrono::milliseconds(in.number("cache.load_lease_ms", 100, 60'000));
  s.metrics_readers = split(in.text("metrics.readers"));
  std::vector<std::string> rates;
  for (const auto& info : known_keys())
    if (info.key.rfind("rate.", 0) == 0) rates.push_back(info.key);
  for (const auto& [key, origin] : source.origins())
    if (key.rfind("rate.", 0) == 0 && std::find(rates.begin(), rates.end(), key) == rates.end())
      rates.push_back(key);
  for (const auto& key : rates) {
    const bool own = std::none_of(known_keys().begin(), known_keys().end(),
                                  [&](const KeyInfo& k) { return k.key == key; });
    const auto text = own ? source.find(key).value_or("") : in.text(key);
    RateSetting rate;
    if (!parse_rate(text, rate))
      in.fault(key, "'" + text + "' is not like '10/60s per address' or '60/60s per user'");
    s.rates[key.substr(5)] = rate;
  }
  check_unknown(source, in);
  if (!in.faults.empty()) throw Problem(500, "config.invalid", in.faults.substr(0, in.faults.size() - 1));
  return s;
}

}  // namespace kernel::config
