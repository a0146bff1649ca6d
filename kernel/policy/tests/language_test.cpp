// Accept-Language as rules.
#include "kernel/policy/language.hpp"

#include <catch2/catch.hpp>

using namespace kernel::policy;

TEST_CASE("the language of an answer is the wanted one that the portal has") {
  struct Row {
    const char* rule;
    const char* accept;
    const char* language;  // where the default is English
  };
  for (const Row& row : {
           Row{"one", "ja", "ja"},
           Row{"in capitals", "JA", "ja"},
           Row{"with a region", "ja-JP", "ja"},
           Row{"of equals the first", "ja, en", "ja"},
           Row{"of equals the first, turned round", "en, ja", "en"},
           Row{"the heavier", "en;q=0.4, ja;q=0.8", "ja"},
           Row{"no weight is one", "en;q=0.9, ja", "ja"},
           Row{"three decimals", "en;q=0.998,ja;q=0.999", "ja"},
           Row{"space around the weight", "en ; q=0.1 , ja ;\tq=0.9", "ja"},
           Row{"Q in capitals", "en;Q=0.1, ja;Q=0.9", "ja"},
           Row{"a browser in Japan", "ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", "ja"},
           Row{"what we have not is passed over", "fr, de;q=0.9, ja;q=0.1", "ja"},
           Row{"nothing that we have", "fr, de", "en"},
           Row{"anything", "*", "en"},
           Row{"not acceptable", "ja;q=0", "en"},
           Row{"not acceptable in decimals", "ja;q=0.000", "en"},
           Row{"a longer word that begins so", "jav, jax-JP", "en"},
           Row{"a shorter one", "j", "en"},
           Row{"empty items", ",, ja ,", "ja"},
           Row{"nothing", "", "en"},
           Row{"a weight above one", "ja;q=9", "en"},
           Row{"a weight just above one", "ja;q=1.001", "en"},
           Row{"a weight that is no number", "ja;q=inf", "en"},
           Row{"a negative weight", "ja;q=-1", "en"},
           Row{"four decimals", "ja;q=0.1234", "en"},
           Row{"no weight after the sign", "ja;q=", "en"},
       }) {
    INFO(row.rule);
    kernel::front::Request request;
    request.headers.add("Accept-Language", row.accept);
    CHECK(negotiate_language(request, "en") == row.language);
  }
}

TEST_CASE("without a wish the default is used") {
  CHECK(negotiate_language({}, "en") == "en");
  CHECK(negotiate_language({}, "ja") == "ja");
  kernel::front::Request french;
  french.headers.add("Accept-Language", "fr");
  CHECK(negotiate_language(french, "ja") == "ja");
}

TEST_CASE("a long header is read to its limit only") {
  kernel::front::Request request;
  request.headers.add("Accept-Language", std::string(600, ',') + "ja");
  CHECK(negotiate_language(request, "en") == "en");
}
