// The body must be what PHP's http_build_query makes.
#include "client/form.hpp"

#include <catch2/catch.hpp>

using whmcs::Form;

TEST_CASE("a form is encoded as PHP's http_build_query does it") {
  struct Row {
    const char* rule;
    Form form;
    const char* body;
  };
  const Row rows[] = {
      {"a space is a plus", Form().set("a", "x y"), "a=x+y"},
      {"signs are percent-encoded, the tilde too", Form().set("a", "&=+%~/'\"<>"),
       "a=%26%3D%2B%25%7E%2F%27%22%3C%3E"},
      {"letters, digits and -_. stay", Form().set("a", "aZ09-_."), "a=aZ09-_."},
      {"Japanese goes as UTF-8", Form().set("firstname", "花子"), "firstname=%E8%8A%B1%E5%AD%90"},
      {"numbers are texts", Form().set("n", std::int64_t{-12}), "n=-12"},
      {"an absent value is left out", Form().set_if("a", std::nullopt).set_if("b", "1"), "b=1"},
      {"an empty value is sent", Form().set("a", ""), "a="},
      {"true is 1", Form().flag("noemail", true), "noemail=1"},
      {"false is left out", Form().flag("noemail", false), ""},
      {"lists carry their index", Form().list("pid", {"12", "14"}), "pid%5B0%5D=12&pid%5B1%5D=14"},
      {"maps carry their key", Form().map("itemamount", {{"4711", "9.90"}}), "itemamount%5B4711%5D=9.90"},
      {"an empty list leaves nothing", Form().list("pid", {}), ""},
      {"entities are not made here", Form().set("a", "O'Neill & Co"), "a=O%27Neill+%26+Co"},
      {"the order is kept", Form().set("b", "1").set("a", "2"), "b=1&a=2"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK(row.form.encode() == row.body);
  }
}
