// Settings as rules: where a value comes from, what is refused and what is suggested.
#include "kernel/config/settings.hpp"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <portico/problem.hpp>

using namespace kernel::config;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

std::string fault(std::map<std::string, std::string> overrides) {
  try {
    Settings::read(Source({}, Environment(Variables{}), std::move(overrides)));
    return {};
  } catch (const portico::Problem& problem) {
    return problem.detail;
  }
}

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/portico-config-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    return path / name;
  }
};

}  // namespace

TEST_CASE("without a public address browsers come to localhost, at the port that is listened on") {
  const auto read = [](const std::map<std::string, std::string>& values) {
    return Settings::read(Source({}, Environment(Variables{}), values));
  };
  CHECK(read({}).public_url == "http://localhost:8080");
  CHECK(read({{"http.port", "9123"}}).public_url == "http://localhost:9123");
  CHECK(read({{"http.port", "0"}}).public_url == "http://localhost");
  CHECK(read({{"http.port", "9123"}, {"public.url", "http://localhost:3000"}}).public_url ==
        "http://localhost:3000");
}

TEST_CASE("every default is valid") {
  CHECK_NOTHROW(Settings::read(Source({}, Environment(Variables{}))));
}

TEST_CASE(
    "the command line wins over the environment, the environment over its established name, that over the "
    "file") {
  const Folder folder;
  const auto file = folder.write("portico.properties", "http.port=1\n");
  const auto port = [&](std::map<std::string, std::string, std::less<>> env,
                        std::map<std::string, std::string> cli) {
    return Settings::read(Source(file, Environment(std::move(env)), std::move(cli))).http_port;
  };
  CHECK(port({}, {}) == 1);
  CHECK(port({{"BFF_PORT", "2"}}, {}) == 2);
  CHECK(port({{"BFF_PORT", "2"}, {"PORTICO_HTTP_PORT", "3"}}, {}) == 3);
  CHECK(port({{"PORTICO_HTTP_PORT", "3"}}, {{"http.port", "4"}}) == 4);
}

TEST_CASE("a secret may come from the file its variable names") {
  const Folder folder;
  const auto file = folder.write("key", "c2VjcmV0\n");
  const Environment environment(Variables{{"PORTICO_SEAL_KEY_FILE", file.string()}});
  CHECK(Settings::read(Source({}, environment)).seal_key == "c2VjcmV0");
}

TEST_CASE("a plugin's file gives keys below plugins.<id>") {
  const Folder folder;
  folder.write("plugins/auth.properties", "rounds=11\n");
  const auto file = folder.write("portico.properties", "plugins.auth.enabled=true\n");
  const Source source(file, Environment(Variables{}));
  CHECK(source.find("plugins.auth.rounds") == "11");
  CHECK(source.find("plugins.auth.enabled") == "true");
}

TEST_CASE("what is wrong is said by key") {
  struct Row {
    const char *rule, *key, *value, *says;
  };
  const Row rows[] = {
      {"an unknown key is refused with a suggestion", "http.prot", "1", "did you mean 'http.port'?"},
      {"a number is whole and in range", "http.port", "70000", "whole number from 0 to 65535"},
      {"a flag is true or false", "migrations.at_start", "yes", "neither true nor false"},
      {"a word is one of a few", "log.level", "warn", "did you mean 'warning'?"},
      {"plain http is only for localhost", "public.url", "http://portal.example", "only for localhost"},
      {"https needs a named proxy", "public.url", "https://portal.example", "name the proxy"},
      {"or a certificate", "public.url", "https://portal.example", "set http.tls.certificate"},
      {"a certificate needs its key", "http.tls.certificate", "c.pem", "go together"},
      {"a key needs its certificate", "http.tls.key", "k.pem", "go together"},
      {"a certificate needs an https address", "http.tls.certificate", "c.pem", "begin with https://"},
      {"a deadline is bounded", "http.head_deadline_ms", "0", "whole number from 100"},
      {"a public URL has no path", "public.url", "http://localhost/x", "scheme://host"},
      {"a rate has a count, a period and a subject", "rate.read", "many", "10/60s per address"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK_THAT(fault({{row.key, row.value}}), Catch::Contains(row.says));
  }
}

TEST_CASE("a certificate of its own serves where no proxy is named") {
  const auto settings = Settings::read(Source({}, Environment(Variables{}),
                                              {{"public.url", "https://portal.example"},
                                               {"http.tls.certificate", "/etc/portico/certificate.pem"},
                                               {"http.tls.key", "/etc/portico/key.pem"}}));
  CHECK_FALSE(settings.development);
  CHECK(settings.tls_certificate == "/etc/portico/certificate.pem");
}

TEST_CASE("localhost by http is development, everything else is not") {
  CHECK(Settings::read(Source({}, Environment(Variables{}), {{"public.url", "http://localhost:3000"}}))
            .development);
  CHECK_FALSE(Settings::read(Source({}, Environment(Variables{{"TRUST_PROXY", "10.0.0.1"}}),
                                    {{"public.url", "https://portal.example"}}))
                  .development);
}
