// The manifest as rules: what each member may say, and how a refusal names field, wanted and found.
#include "kernel/loader/manifest.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

using namespace kernel::loader;
namespace json = boost::json;

namespace {

/// Everything a manifest may say.
const char* const kWhole = R"({
  "id": "ledger", "version": "1.2.3", "license": "MIT", "description": "Accounts",
  "abi": {"major": 1, "min_minor": 2},
  "extensions": {"required": ["portico.log/1"], "optional": ["portico.cache/1"]},
  "operations": {"provides": ["ledger.get/1"], "requires": ["rates.get/1"], "optional": ["notes.add/2"]},
  "routes": ["/api/ledger"], "pages": ["/ledger"], "tasks": ["sweep"],
  "events": {"publishes": ["ledger.closed/1"], "subscribes": ["rates.changed/2"]}, "workflows": ["ledger.close"],
  "lanes": {"slow": {"workers": 2, "queue": 8, "wait_ms": 500, "nice": 7}},
  "database": true, "mail": true, "identity": true,
  "outbound": {"rates": {"base_url": "url", "timeout_ms": 500, "connect_timeout_ms": 100, "body_limit": 4096,
                         "lanes": {"slow": {"concurrency": 2, "queue": 3, "queue_wait_ms": 4, "rate": 5,
                                            "rate_ms": 6, "background_percent": 70}}}},
  "config": {"url": {"type": "url", "required": true, "env": "RATES_URL", "description": "Where rates are"},
             "key": {"type": "text", "secret": true},
             "tries": {"type": "integer", "default": 3, "min": 1, "max": 9},
             "pause": {"type": "duration_ms", "default": 250},
             "loud": {"type": "boolean", "default": true},
             "words": {"type": "list", "default": ["a"]}},
  "unload": "unloadable"})";

std::string refusal(const std::string& text) {
  try {
    Manifest::parse(text);
  } catch (const portico::Problem& problem) {
    CHECK(problem.status == 422);
    CHECK(problem.code == "plugin.manifest_invalid");
    return problem.detail;
  }
  return "";
}

/// kWhole with one member set, or, for an empty value, without it.
std::string with(const std::string& pointer, const std::string& value) {
  auto document = json::parse(kWhole);
  const auto slash = pointer.rfind('/');
  auto& parent = document.at_pointer(pointer.substr(0, slash)).as_object();
  if (value.empty())
    parent.erase(pointer.substr(slash + 1));
  else
    parent[pointer.substr(slash + 1)] = json::parse(value);
  return json::serialize(document);
}

}  // namespace

TEST_CASE("every member of a manifest is read") {
  const auto m = Manifest::parse(kWhole);
  CHECK(m.id == "ledger");
  CHECK(m.version == "1.2.3");
  CHECK(m.abi_major == 1);
  CHECK(m.abi_min_minor == 2);
  CHECK(m.extensions_required == std::vector<std::string>{"portico.log/1"});
  CHECK(m.extensions_optional == std::vector<std::string>{"portico.cache/1"});
  CHECK(m.operations_provided == std::vector<std::string>{"ledger.get/1"});
  CHECK(m.operations_required == std::vector<std::string>{"rates.get/1"});
  CHECK(m.operations_optional == std::vector<std::string>{"notes.add/2"});
  CHECK(m.routes == std::vector<std::string>{"/api/ledger"});
  CHECK(m.pages == std::vector<std::string>{"/ledger"});
  CHECK(m.tasks == std::vector<std::string>{"sweep"});
  CHECK(m.events_published == std::vector<std::string>{"ledger.closed/1"});
  CHECK(m.events_subscribed == std::vector<std::string>{"rates.changed/2"});
  CHECK(m.workflows == std::vector<std::string>{"ledger.close"});
  CHECK(m.lanes.at("slow").workers == 2);
  CHECK(m.lanes.at("slow").queue == 8);
  CHECK(m.lanes.at("slow").wait_ms == 500);
  CHECK(m.lanes.at("slow").nice == 7);
  CHECK(m.lanes.at("standard").nice == 0);
  CHECK((m.database && m.mail && m.identity));
  CHECK(m.outbound.at("rates").timeout_ms == 500);
  CHECK(m.outbound.at("rates").connect_timeout_ms == 100);
  CHECK(m.outbound.at("rates").body_limit == 4096);
  CHECK(m.outbound.at("rates").lanes.at("slow").concurrency == 2);
  CHECK(m.config.at("url").required);
  CHECK(m.config.at("url").env == "RATES_URL");
  CHECK(m.config.at("key").secret);
  CHECK(m.config.at("tries").min == 1);
  CHECK(m.config.at("tries").max == 9);
  CHECK(m.config.at("pause").type == ConfigType::integer);
  CHECK(m.config.at("words").fallback == json::value(json::array{"a"}));
  CHECK(m.unload == "unloadable");
}

TEST_CASE("the lane of background work keeps its own defaults where the manifest changes a part of it") {
  const auto m = Manifest::parse(
      R"({"id":"a","version":"1","license":"MIT","abi":{"major":1},"lanes":{"tasks":{"workers":3},"wide":{}}})");
  const auto& tasks = m.lanes.at("tasks");
  CHECK(tasks.workers == 3);
  CHECK(tasks.wait_ms == 3'600'000);
  CHECK(tasks.nice == 5);
  CHECK(m.lanes.at("wide").wait_ms == 2000);
  CHECK(m.lanes.at("wide").nice == 0);
}

TEST_CASE("what a manifest does not say has a safe default") {
  const auto m = Manifest::parse(R"({"id":"a","version":"1","license":"MIT","abi":{"major":1}})");
  CHECK(m.abi_min_minor == 0);
  CHECK_FALSE(m.database);
  CHECK_FALSE(m.mail);
  CHECK_FALSE(m.identity);
  CHECK(m.routes.empty());
  CHECK(m.outbound.empty());
  CHECK(m.unload == "retired");
  REQUIRE(m.lanes.size() == 1);
  CHECK(m.lanes.at("standard").workers == 4);
  CHECK(Manifest::parse(kWhole).outbound.at("rates").lanes.count("standard") == 1);
}

TEST_CASE("a member that is wrong is refused with field, wanted and found") {
  struct Row {
    const char* pointer;
    const char* value;  // empty: the member is absent
    const char* field;
    const char* wanted;
  };
  for (const Row& row : {
           Row{"/id", "", "id", "a text, found nothing"},
           Row{"/id", "7", "id", "a text, found 7"},
           Row{"/id", R"("Ledger")", "id", "lower-case"},
           Row{"/id", R"("1st")", "id", "lower-case"},
           Row{"/id", R"("")", "id", "lower-case"},
           Row{"/id", R"("a/../b")", "id", "lower-case"},
           Row{"/id", R"("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")", "id",
               "lower-case"},
           Row{"/id", R"("a--b")", "id", "single dashes"},
           Row{"/id", R"("a-")", "id", "single dashes"},
           Row{"/id", R"("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")", "id", "at most 50"},
           Row{"/id", R"("public")", "id", "a name that is not taken"},
           Row{"/id", R"("kernel")", "id", "a name that is not taken"},
           Row{"/version", "", "version", "a text, found nothing"},
           Row{"/license", "", "license", "a text, found nothing"},
           Row{"/abi", "", "abi", "an object, found nothing"},
           Row{"/abi", "1", "abi", "an object, found 1"},
           Row{"/abi/major", "0", "abi.major", "a whole number from 1 to 1000, found 0"},
           Row{"/abi/major", "1.0", "abi.major", "a whole number"},
           Row{"/abi/min_minor", "-1", "abi.min_minor", "a whole number from 0"},
           Row{"/abi/minimum", "1", "abi.minimum", "a known member"},
           Row{"/extensions/required", R"("a")", "extensions.required", "a list of texts"},
           Row{"/extensions/required", "[1]", "extensions.required", "a list of texts, found 1"},
           Row{"/operations/require", "[]", "operations.require", "did you mean 'requires'?"},
           Row{"/routes", R"(["api"])", "routes and pages", "paths that begin with /, found 'api'"},
           Row{"/pages", R"([""])", "routes and pages", "paths that begin with /"},
           Row{"/tasks", "{}", "tasks", "a list of texts"},
           Row{"/events/publish", "[]", "events.publish", "did you mean 'publishes'?"},
           Row{"/events/publishes", R"(["ledger.closed"])", "events", "found 'ledger.closed'"},
           Row{"/events/publishes", R"(["ledger.closed/01"])", "events", "found 'ledger.closed/01'"},
           Row{"/events/subscribes", R"(["/1"])", "events", "found '/1'"},
           Row{"/events/subscribes", R"(["a/1/2"])", "events", "found 'a/1/2'"},
           Row{"/lanes/slow/workers", "0", "lanes.slow.workers", "from 1 to 64, found 0"},
           Row{"/lanes/slow/workers", "65", "lanes.slow.workers", "from 1 to 64, found 65"},
           Row{"/lanes/slow/queue", "0", "lanes.slow.queue", "from 1 to 10000"},
           Row{"/lanes/slow/wait", "1", "lanes.slow.wait", "did you mean 'wait_ms'?"},
           Row{"/lanes", "[]", "lanes", "an object"},
           Row{"/database", R"("yes")", "database", R"(true or false, found "yes")"},
           Row{"/databse", "true", "databse", "did you mean 'database'?"},
           Row{"/outbound/rates/base_url", R"("rates_url")", "outbound.rates.base_url",
               "a key of config, found 'rates_url'"},
           Row{"/outbound/rates/base_url", "", "outbound.rates.base_url", "a text"},
           Row{"/outbound", R"({"Rates Office":{"base_url":"url"}})", "outbound", "lower-case"},
           Row{"/outbound/rates/body_limit", "1023", "outbound.rates.body_limit", "from 1024"},
           Row{"/outbound/rates/lanes/slow/concurrency", "1001", "outbound.rates.lanes.slow.concurrency",
               "from 1 to 1000"},
           Row{"/outbound/rates/retry", "1", "outbound.rates.retry", "a known member"},
           Row{"/config/enabled", R"({"type":"boolean"})", "config.enabled", "other than 'enabled'"},
           Row{"/config/Url", R"({"type":"url"})", "config.Url", "a lower-case name"},
           Row{"/config/key/type", R"("string")", "config.key.type", "text, url, integer"},
           Row{"/config/key/type", "", "config.key.type", "a text"},
           Row{"/config/key/secrets", "true", "config.key.secrets", "did you mean 'secret'?"},
           Row{"/config/tries/default", R"("3")", "config.tries.default", R"(type integer, found "3")"},
           Row{"/config/tries/min", "0.5", "config.tries.min", "a whole number"},
           Row{"/config/loud/default", "1", "config.loud.default", "type boolean, found 1"},
           Row{"/config/words/default", R"("a")", "config.words.default", "type list"},
           Row{"/config/key/default", "null", "config.key.default", "type text, found null"},
           Row{"/unload", R"("never")", "unload", "retired or unloadable, found 'never'"},
       }) {
    INFO(row.pointer << " = " << row.value);
    const auto detail = refusal(with(row.pointer, row.value));
    CHECK_THAT(detail, Catch::StartsWith(std::string(row.field) + ": wanted "));
    CHECK_THAT(detail, Catch::Contains(row.wanted));
  }
}

TEST_CASE("what is no strict JSON object is refused") {
  for (const char* text : {"", "{", "[]", "7", R"({"id":"a","id":"b"})", "{\"id\":\"\xff\"}",
                           R"({"id":"a","version":"1","license":"MIT","abi":{"major":1}} x)"}) {
    INFO(text);
    CHECK_FALSE(refusal(text).empty());
  }
}

TEST_CASE("a path belongs to a plugin when a prefix of its manifest ends at a slash there") {
  struct Row {
    const char* prefix;
    const char* path;
    bool may;
  };
  for (const Row& row :
       {Row{"/api/ledger", "/api/ledger", true}, Row{"/api/ledger", "/api/ledger/{id}", true},
        Row{"/api/ledger", "/api/ledgers", false}, Row{"/api/ledger", "/api", false},
        Row{"/api/ledger", "/API/ledger", false}, Row{"/", "/", true}, Row{"/", "/api", false}}) {
    INFO(row.prefix << " and " << row.path);
    CHECK(Manifest().may_register_path(row.path, {row.prefix}) == row.may);
  }
  CHECK_FALSE(Manifest().may_register_path("/", {}));
}
