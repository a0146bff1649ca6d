// The form parser against PHP's rules, one row per rule.
#include "examples/sandbox/whmcs/php_form.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace sandbox::whmcs {

namespace {

/// "a=1" or "a={0=x,k=y}": enough to compare whole forms by eye.
std::string shown(const FormValue& value) {
  if (!value.is_array) return value.text;
  std::string out = "{";
  for (const auto& [key, entry] : value.entries)
    out += (out.size() > 1 ? "," : "") + key + "=" + shown(entry);
  return out + "}";
}

}  // namespace

TEST_CASE("a form is read with PHP's rules") {
  struct Row {
    const char* rule;
    const char* body;
    const char* result;
  };
  const Row row = GENERATE(values<Row>({
      {"nothing", "", "{}"},
      {"plain names", "a=1&b=2", "{a=1,b=2}"},
      {"plus is a blank and %XX is a byte", "a=x+y%2Bz%C3%BC", "{a=x y+zü}"},
      {"a percent sign without two digits stays", "a=100%&b=%zz", "{a=100%,b=%zz}"},
      {"no equals sign is an empty value", "a&b=", "{a=,b=}"},
      {"a value may hold equals signs", "a=b=c", "{a=b=c}"},
      {"empty pairs are skipped", "&&a=1&", "{a=1}"},
      {"a later scalar wins and keeps its place", "a=1&b=2&a=3", "{a=3,b=2}"},
      {"empty brackets append", "p[]=12&p[]=14", "{p={0=12,1=14}}"},
      {"indexed lists", "p[0]=12&p[1]=14", "{p={0=12,1=14}}"},
      {"brackets may be encoded", "p%5B0%5D=12&p%5B%5D=14", "{p={0=12,1=14}}"},
      {"append goes on after the highest index", "p[7]=a&p[]=b&p[2]=c&p[]=d", "{p={7=a,8=b,2=c,9=d}}"},
      {"a leading zero is no integer key", "p[07]=a&p[]=b", "{p={07=a,0=b}}"},
      {"maps", "m[general]=1&m[invoice]=0", "{m={general=1,invoice=0}}"},
      {"brackets nest", "a[b][c][]=1&a[b][c][]=2&a[b][d]=3", "{a={b={c={0=1,1=2},d=3}}}"},
      {"a list replaces a scalar", "a=1&a[]=2", "{a={0=2}}"},
      {"a scalar replaces a list", "a[]=1&a[]=2&a=3", "{a=3}"},
      {"blanks and dots in a name become underscores", "a.b+c=1", "{a_b_c=1}"},
      {"leading blanks in a name vanish", "++a=1", "{a=1}"},
      {"dots inside brackets stay", "a[b.c]=1", "{a={b.c=1}}"},
      {"an unclosed bracket is part of the name", "a[b=1", "{a_b=1}"},
      {"what follows a closed bracket is ignored", "a[b]c=1", "{a={b=1}}"},
      {"an unclosed second bracket is dropped", "a[b][c=1", "{a={b=1}}"},
      {"a name of brackets only is ignored", "[a]=1&b=2", "{b=2}"},
      {"an empty name is ignored", "=1&b=2", "{b=2}"},
      {"a NUL ends a name", "a%00b=1", "{a=1}"},
      {"bytes that are no UTF-8 are replaced", "a=%FFx", "{a=\xEF\xBF\xBDx}"},
  }));
  INFO(row.rule << ": " << row.body);
  CHECK(shown(parse_php_form(row.body)) == row.result);
}

TEST_CASE("a form is bounded in variables and depth") {
  std::string many;
  for (int i = 0; i < 1200; ++i) many += "v" + std::to_string(i) + "=1&";
  CHECK(parse_php_form(many).entries.size() == 1000);

  std::string deep = "a";
  for (int i = 0; i < 65; ++i) deep += "[x]";
  CHECK(parse_php_form(deep + "=1").entries.empty());
  CHECK(parse_php_form(deep.substr(0, 1 + 64 * 3) + "=1").entries.size() == 1);
}

}  // namespace sandbox::whmcs
