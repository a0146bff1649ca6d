// A plugin's settings as rules: types, ranges, defaults, where a value comes from, and every fault at once.
#include "kernel/loader/plugin_config.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

using namespace kernel::loader;
using kernel::config::Environment;
using kernel::config::Source;
namespace json = boost::json;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;
using Keys = std::map<std::string, std::string>;

const Manifest& ledger() {
  static const Manifest manifest = Manifest::parse(R"({
    "id": "ledger", "version": "1", "license": "MIT", "abi": {"major": 1},
    "config": {"url": {"type": "url", "required": true, "env": "LEDGER_URL", "description": "the books"},
               "key": {"type": "text", "secret": true},
               "pin": {"type": "integer", "secret": true},
               "tries": {"type": "integer", "default": 3, "min": 1, "max": 9},
               "loud": {"type": "boolean"},
               "name": {"type": "text", "default": "Books"},
               "words": {"type": "list"}}})");
  return manifest;
}

Keys ledger_keys(const Keys& keys) {
  Keys out{{"plugins.ledger.url", "http://books.test"}};
  for (const auto& [key, value] : keys) out["plugins.ledger." + key] = value;
  return out;
}

json::object read(const Keys& keys, Variables variables = {}) {
  return read_plugin_config(ledger(), Source({}, Environment(std::move(variables)), ledger_keys(keys)));
}

std::string fault(const Keys& keys) {
  try {
    read(keys);
  } catch (const portico::Problem& problem) {
    CHECK(problem.status == 500);
    CHECK(problem.code == "config.invalid");
    return problem.detail;
  }
  return "";
}

}  // namespace

TEST_CASE("a key that nobody sets has its default, or the empty value of its type") {
  CHECK(read({}) == json::object{{"url", "http://books.test"},
                                 {"key", ""},
                                 {"pin", 0},
                                 {"tries", 3},
                                 {"loud", false},
                                 {"name", "Books"},
                                 {"words", json::array()}});
}

TEST_CASE("a text becomes a value of the key's type") {
  struct Row {
    const char* key;
    const char* text;
    json::value value;
  };
  for (const Row& row :
       {Row{"url", "https://books.test/v1//", "https://books.test/v1"}, Row{"tries", "1", 1},
        Row{"tries", "9", 9}, Row{"pin", "-9223372036854775808", std::int64_t{-9223372036854775807 - 1}},
        Row{"loud", "true", true}, Row{"loud", "false", false}, Row{"name", "", ""}, Row{"name", "7", "7"},
        Row{"words", "a,b", json::array{"a", "b"}}, Row{"words", ",a,,b,", json::array{"a", "b"}},
        Row{"words", "", json::array()}}) {
    INFO(row.key << " = " << row.text);
    CHECK(read({{row.key, row.text}}).at(row.key) == row.value);
  }
}

TEST_CASE("a value that does not fit is refused by name") {
  struct Row {
    const char* key;
    const char* text;
    const char* fault;
  };
  for (const Row& row : {
           Row{"url", "books.test", "'books.test' is not an http or https URL"},
           Row{"url", "ftp://books.test", "'ftp://books.test' is not an http or https URL"},
           Row{"url", "http://", "'http://' is not an http or https URL"},
           Row{"url", "http://a:b", "'http://a:b' is not an http or https URL"},
           Row{"tries", "0", "0 is below 1"},
           Row{"tries", "10", "10 is above 9"},
           Row{"tries", "", "'' is not a whole number"},
           Row{"tries", "3.0", "'3.0' is not a whole number"},
           Row{"tries", " 3", "' 3' is not a whole number"},
           Row{"tries", "9223372036854775808", "'9223372036854775808' is not a whole number"},
           Row{"loud", "yes", "'yes' is neither true nor false"},
           Row{"loud", "True", "'True' is neither true nor false"},
           Row{"trys", "1", "unknown key in the command line; did you mean 'tries'?"},
           Row{"enable", "true", "unknown key in the command line; did you mean 'enabled'?"},
           Row{"quite_different", "1", "unknown key in the command line"},
       }) {
    INFO(row.key << " = " << row.text);
    CHECK(fault({{row.key, row.text}}) == std::string("plugins.ledger.") + row.key + ": " + row.fault);
  }
}

TEST_CASE("a secret that does not fit is not repeated in the fault") {
  CHECK(fault({{"pin", "hush"}}) == "plugins.ledger.pin: the value is not valid");
}

TEST_CASE("a required key must be there and not be empty") {
  const auto detail = [](Keys keys) {
    try {
      read_plugin_config(ledger(), Source({}, Environment(Variables{}), std::move(keys)));
    } catch (const portico::Problem& problem) {
      return problem.detail;
    }
    return std::string();
  };
  CHECK(detail({}) == "plugins.ledger.url: is missing; set LEDGER_URL (the books)");
  CHECK(detail({{"plugins.ledger.url", ""}}) == "plugins.ledger.url: '' is not an http or https URL");
}

TEST_CASE("every fault is told at once, one a line") {
  CHECK(fault({{"tries", "0"}, {"loud", "x"}, {"trys", "1"}}) ==
        "plugins.ledger.loud: 'x' is neither true nor false\n"
        "plugins.ledger.tries: 0 is below 1\n"
        "plugins.ledger.trys: unknown key in the command line; did you mean 'tries'?");
}

TEST_CASE("the command line wins over the environment, that over the established variable") {
  const auto url = [](Keys keys, Variables variables) {
    return read_plugin_config(ledger(), Source({}, Environment(std::move(variables)), std::move(keys)))
        .at("url");
  };
  const Variables established{{"LEDGER_URL", "http://established.test"}};
  Variables both = established;
  both["PORTICO_PLUGINS_LEDGER_URL"] = "http://environment.test";
  CHECK(url({}, established) == "http://established.test");
  CHECK(url({}, both) == "http://environment.test");
  CHECK(url({{"plugins.ledger.url", "http://line.test"}}, both) == "http://line.test");
}

TEST_CASE("a plugin is off until plugins.<id>.enabled says true") {
  const auto enabled = [](Keys keys) {
    return is_enabled("ledger", Source({}, Environment(Variables{}), std::move(keys)));
  };
  CHECK_FALSE(enabled({}));
  CHECK_FALSE(enabled({{"plugins.ledger.enabled", "false"}}));
  CHECK_FALSE(enabled({{"plugins.other.enabled", "true"}}));
  CHECK(enabled({{"plugins.ledger.enabled", "true"}}));
  CHECK_THROWS_AS(enabled({{"plugins.ledger.enabled", "1"}}), portico::Problem);
}
