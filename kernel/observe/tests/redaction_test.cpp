// Which names are private and which texts carry a credential.
#include "kernel/observe/redaction.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace kernel::observe;

TEST_CASE("names of credentials and of personal data are private in any spelling") {
  for (const char* name : {"password",     "Password2",       "new_password",
                           "secret",       "JWT_SECRET",      "token",
                           "refreshToken", "access-token",    "Authorization",
                           "cookie",       "Set-Cookie",      "identifier",
                           "accesskey",    "access_key",      "api_key",
                           "oemKey",       "PASSWORD_PEPPER", "PORTICO_SEAL_KEY",
                           "email",        "customer_email",  "phone",
                           "phonenumber",  "address",         "address1",
                           "first_name",   "postcode",        "pwd"}) {
    INFO(name);
    CHECK(names_private(name));
  }
  for (const char* name : {"", "status", "ms", "listen_address", "upstream", "operation", "id", "route",
                           "opinion", "correlation_id", "key_count"}) {
    INFO(name);
    CHECK(!names_private(name));
  }
}

TEST_CASE("credentials inside a text are masked and the rest stays") {
  struct Row {
    const char* rule;
    std::string given;
    std::string kept;
  };
  const std::vector<Row> rows{
      {"plain text stays", "connection refused by 10.0.0.1:5432", "connection refused by 10.0.0.1:5432"},
      {"bearer", "sent Bearer abc.def-ghi_123 twice", "sent Bearer [redacted] twice"},
      {"bearer, other case", "bearer   x", "bearer   x"},
      {"basic credential", "Basic dXNlcjpwYXNz=", "Basic [redacted]"},
      {"basic as a word stays", "the basic plan is basic too", "the basic plan is basic too"},
      {"JWT", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln, refused", "got [redacted], refused"},
      {"eyJ in a word stays", "monkeyJar and eyJx", "monkeyJar and eyJx"},
      {"query", "/cb?code=1&access_token=abc&next=2", "/cb?code=1&access_token=[redacted]&next=2"},
      {"form", "identifier=abc&secret=def&action=GetClients",
       "identifier=[redacted]&secret=[redacted]&action=GetClients"},
      {"quoted pair", "password=\"a b\" rest", "password=\"[redacted]\" rest"},
      {"harmless pair", "state=open count=3", "state=open count=3"},
      {"JSON member", R"({"password2":"a\"b","page":1})", R"({"password2":"[redacted]","page":1})"},
      {"JSON member, spaces", R"({"token" : "abc", "page":1})", R"({"token" : "[redacted]", "page":1})"},
      {"JSON inside JSON", R"("{\"token\":\"abc\",\"page\":1}")",
       R"("{\"token\":\"[redacted]\",\"page\":1}")"},
      {"JSON number", R"({"phone":81312345678,"page":1})", R"({"phone":[redacted],"page":1})"},
      {"header line", "Authorization: Negotiate abc\r\nHost: x", "Authorization: [redacted]\r\nHost: x"},
      {"cookie header", "Cookie: a=b; c=d", "Cookie: [redacted]"},
      {"a sentence with a colon stays", "invalid token: signature differs",
       "invalid token: signature differs"},
      {"user info", "postgresql://portal:s3cret@db:5432/portico", "postgresql://[redacted]@db:5432/portico"},
      {"user info with @ in it", "smtp://u:p@ss@mail:25", "smtp://[redacted]@mail:25"},
      {"address without user info", "http://localhost:8080/a@b", "http://localhost:8080/a@b"},
      {"e-mail", "no client for some.one+x@mail.example.test here", "no client for [email] here"},
      {"at sign without domain stays", "user@host and @ alone", "user@host and @ alone"},
      {"two in a row", "a@x.test,b@y.test", "[email],[email]"},
      {"ends in the middle", "token=", "token="},
      {"ends in a quote", "{\"token\":\"", "{\"token\":\"[redacted]"},
      {"ends in a backslash", "{\"token\":\"abc\\", "{\"token\":\"[redacted]"},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    CHECK(masked(row.given) == row.kept);
  }
}

TEST_CASE("masking any cut of a text neither fails nor leaks what was masked whole") {
  const std::string text =
      R"({"a":"b","password":"hunter2\"x","c":1} Bearer aaaaaaaaaaaa.b https://u:hunter2@h/ secret='hunter2' z@y.test)";
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    for (std::size_t size = 0; begin + size <= text.size(); ++size)
      masked(std::string_view(text).substr(begin, size));
  }
  CHECK(masked(text).find("hunter2") == std::string::npos);
}
