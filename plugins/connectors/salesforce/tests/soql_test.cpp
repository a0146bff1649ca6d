// Queries: what is written, what is refused, and that no text gets out of its literal.
#include <catch2/catch.hpp>

#include "soql/query.hpp"
#include "tests/scripted.hpp"

using namespace salesforce;
using soql::Select;

TEST_CASE("a text becomes the literal of the reference") {
  const std::pair<const char*, const char*> rows[] = {
      {"O'Brien", R"('O\'Brien')"},
      {"a\\", R"('a\\')"},
      {"x\\' OR Name != '", R"('x\\\' OR Name != \'')"},
      {"50%_off", "'50%_off'"},
      {"a\nb\rc\td", R"('a\nb\rc\td')"},
      {"", "''"},
      {"東京", "'東京'"},
      {"\\n", R"('\\n')"},
      {"'", R"('\'')"},
      {"\\\\'", R"('\\\\\'')"},
      {"--", "'--'"},
  };
  for (const auto& [text, literal] : rows) {
    INFO(text);
    CHECK(soql::text(text).text() == literal);
  }
}

TEST_CASE("wildcards of a person are letters in a pattern") {
  CHECK(soql::like_containing("50%_off").text() == R"('%50\%\_off%')");
  CHECK(soql::like_beginning("a\\%").text() == R"('a\\\%%')");
  CHECK(soql::like_containing("it's").text() == R"('%it\'s%')");
}

TEST_CASE("what no literal can hold is refused") {
  const std::string zero("a\0b", 3);
  for (const std::string& text : {zero, std::string("\x01"), std::string("\x7f"), std::string("\xff"),
                                  std::string("\xc0\xaf"), std::string("\xed\xa0\x80"),
                                  std::string("\xe6\x9d"), std::string(4001, 'a'), std::string(2001, '\'')}) {
    CHECK(code_of([&] { soql::text(text); }) == "422 request.invalid");
    CHECK(code_of([&] { soql::like_containing(text); }) == "422 request.invalid");
  }
  CHECK(soql::text(std::string(4000, 'a')).text().size() == 4002);
  for (const char* id : {"", "500", "50000000000000'", "500000000000001AAAA", "5000000000000\nA"})
    CHECK(code_of([&] { soql::id(id); }) == "422 request.invalid");
  for (const char* day : {"", "2024-02-30", "2024-13-01", "2024-1-1", "2024-01-01T00:00:00Z", "2024/01/01",
                          "0000-00-00", "TODAY", "2024-01-0'"})
    CHECK(code_of([&] { soql::date(day); }) == "422 request.invalid");
  for (const double number : {1e300, -1e16, std::nan(""), HUGE_VAL})
    CHECK(code_of([&] { soql::number(number); }) == "422 request.invalid");
  CHECK(code_of([&] { soql::date_time(std::chrono::sys_seconds(std::chrono::seconds(100'000'000'000))); }) !=
        "");
}

TEST_CASE("values are written by their types") {
  CHECK(soql::id("500000000000001AAA").text() == "'500000000000001AAA'");
  CHECK(soql::date("2024-02-29").text() == "2024-02-29");
  CHECK(soql::date_time(std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000))).text() ==
        "2023-11-14T22:13:20Z");
  CHECK(soql::number(std::int64_t{-7}).text() == "-7");
  CHECK(soql::number(8.5).text() == "8.5");
  CHECK(soql::number(8.0).text() == "8.0");
  CHECK(soql::boolean(true).text() == "TRUE");
  CHECK(soql::null().text() == "NULL");
}

TEST_CASE("levels that mix AND and OR get parentheses") {
  const auto a = soql::equals("Status", soql::text("New")), b = soql::equals("Status", soql::text("Working"));
  const auto c = soql::equals("IsClosed", soql::boolean(false));
  CHECK(soql::all_of({soql::any_of({a, b}), c}).text() ==
        "(Status = 'New' OR Status = 'Working') AND IsClosed = FALSE");
  CHECK(soql::any_of({soql::all_of({a, c}), b}).text() ==
        "(Status = 'New' AND IsClosed = FALSE) OR Status = 'Working'");
  CHECK(soql::all_of({a}).text() == "Status = 'New'");
  CHECK(soql::none_of(soql::any_of({a, b})).text() == "(NOT (Status = 'New' OR Status = 'Working'))");
  CHECK(soql::all_of({soql::none_of(a), c}).text() == "(NOT (Status = 'New')) AND IsClosed = FALSE");
  CHECK(code_of([] { soql::all_of({}); }) == "422 request.invalid");
  CHECK(code_of([] { soql::in("Id", {}); }) == "422 request.invalid");
}

TEST_CASE("a whole statement") {
  const auto comments =
      Select("CaseComments").fields({"Id"}).where(soql::equals("IsPublished", soql::boolean(true)));
  auto select = Select("Case")
                    .fields({"Id", "Contact.Account.Name"})
                    .children(comments)
                    .where(soql::in("Status", {soql::text("New"), soql::text("It's")}))
                    .order_by("CreatedDate", soql::Ordering::descending)
                    .order_by("Id", soql::Ordering::ascending)
                    .limit(20)
                    .offset(40);
  CHECK(
      select.text() ==
      "SELECT Id, Contact.Account.Name, (SELECT Id FROM CaseComments WHERE IsPublished = TRUE) FROM Case WHERE "
      "Status IN ('New', 'It\\'s') ORDER BY CreatedDate DESC, Id ASC LIMIT 20 OFFSET 40");
  CHECK(select.count_text() == "SELECT COUNT() FROM Case WHERE Status IN ('New', 'It\\'s')");
}

TEST_CASE("a query that no request line can hold is refused before it is sent") {
  std::vector<soql::Value> ids;
  for (int i = 0; i < 700; ++i) ids.push_back(soql::id("500000000000001AAA"));
  CHECK(code_of([&] { Select("Case").fields({"Id"}).where(soql::in("Id", ids)).text(); }) ==
        "422 request.invalid");
  CHECK(code_of([&] { Select("Case").fields({"Id"}).where(soql::in("Id", ids)).count_text(); }) ==
        "422 request.invalid");
  CHECK(code_of([&] { Select("Case").fields({"Id"}).offset(2001).text(); }) == "422 request.invalid");
  CHECK(code_of([&] { Select("Case").fields({"Id"}).offset(2000).text(); }) == "");
}

TEST_CASE("names are those of the list, as deep as the org follows") {
  static_assert(soql::is_path("Contact.Account.Name"));
  static_assert(!soql::is_path("Name FROM User"));
  static_assert(!soql::is_path("Password"));
  static_assert(!soql::is_path(""));
  static_assert(!soql::is_path("Contact."));
  static_assert(soql::is_path("Contact.Contact.Contact.Contact.Contact.Name"));
  static_assert(!soql::is_path("Contact.Contact.Contact.Contact.Contact.Contact.Name"));
  CHECK(soql::Name("Contact.Account.Name").text() == "Contact.Account.Name");
}

TEST_CASE("whatever a person types, the literal ends where it should") {
  // A reader of literals by the org's rules: after the opening quote, a backslash takes the next character
  // with it.
  const auto inside = [](const std::string& literal) {
    if (literal.size() < 2 || literal.front() != '\'') return false;
    for (std::size_t i = 1; i < literal.size(); ++i) {
      if (literal[i] == '\\')
        ++i;
      else if (literal[i] == '\'')
        return i + 1 == literal.size();
    }
    return false;
  };
  const std::string letters = "'\\%_\n\"a ";
  std::string text;
  for (int n = 0; n < 8 * 8 * 8 * 8; ++n) {
    text.clear();
    for (int rest = n, i = 0; i < 4; ++i, rest /= 8) text += letters[static_cast<std::size_t>(rest % 8)];
    if (!inside(soql::text(text).text()) || !inside(soql::like_containing(text).text())) FAIL(text);
  }
  SUCCEED();
}
