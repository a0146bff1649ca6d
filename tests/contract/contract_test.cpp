// Contracts as rules: what is decoded, what is refused and how it is said, what the schema tells.
#include <catch2/catch.hpp>
#include <portico/contract.hpp>
#include <portico/contracts/billing.hpp>

using namespace portico;

namespace {

enum class Size { small, large };
BOOST_DESCRIBE_ENUM(Size, small, large)

struct Inner {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (name))

template <class T>
struct Listing {
  std::vector<T> items;
  BOOST_DESCRIBE_CLASS(Listing, (), (items), (), ())
};

struct Sample {
  std::string text;
  std::int64_t number = 0;
  std::optional<std::string> maybe;
  Size size = Size::small;
  bool agreed = false;
  Listing<Inner> list;
};
BOOST_DESCRIBE_STRUCT(Sample, (), (text, number, maybe, size, agreed, list))

std::string faults(const std::string& text, Unknown unknown = Unknown::refuse) {
  try {
    decode_text<Sample>(text, unknown);
    return "";
  } catch (const Problem& problem) {
    return std::to_string(problem.status) + " " + problem.detail;
  }
}

const char* kGood =
    R"({"text":"ab","number":2,"size":"large","agreed":true,"list":{"items":[{"name":"x"}]}})";

}  // namespace

template <>
struct portico::Rules<Sample> {
  static void apply(RuleSet<Sample>& rule) {
    rule(&Sample::text).length(1, 3);
    rule(&Sample::number).range(1, 9);
    rule(&Sample::agreed).must_be_true();
  }
};

TEST_CASE("a good value comes out as it went in") {
  const auto sample = decode_text<Sample>(kGood);
  CHECK(sample.text == "ab");
  CHECK(sample.size == Size::large);
  CHECK_FALSE(sample.maybe);
  CHECK(sample.list.items.at(0).name == "x");
  CHECK(parse_json(encode_text(sample)) == parse_json(kGood));
}

TEST_CASE("what is wrong is said by pointer and code") {
  struct Row {
    const char *rule, *change_from, *change_to, *says;
  };
  const Row rows[] = {
      {"a missing member", R"("number":2,)", "", "422 /number required"},
      {"a wrong type", R"("number":2)", R"("number":"2")", "422 /number not_an_integer"},
      {"a fraction is no integer", R"("number":2)", R"("number":2.5)", "422 /number not_an_integer"},
      {"a number out of range", R"("number":2)", R"("number":10)", "422 /number too_large"},
      {"an empty text", R"("text":"ab")", R"("text":"")", "422 /text required"},
      {"length counts code points", R"("text":"ab")", R"("text":"四文字だ")", "422 /text too_long"},
      {"control bytes", R"("text":"ab")", R"("text":"a\u0000")", "422 /text invalid_characters"},
      {"an unknown word", R"("size":"large")", R"("size":"huge")", "422 /size unknown_value"},
      {"consent", R"("agreed":true)", R"("agreed":false)", "422 /agreed must_be_true"},
      {"a member nobody knows", R"("text":"ab")", R"("text":"ab","a/b~":1)", "422 /a~1b~0 unknown_member"},
      {"deep inside", R"({"name":"x"})", R"({"name":1})", "422 /list/items/0/name not_a_text"},
      {"two faults at once", R"("text":"ab","number":2)", R"("text":"","number":0)",
       "422 /text required, /number too_small"},
      {"a key twice", R"("text":"ab")", R"("text":"ab","text":"ab")", "400 an object has a key twice"},
      {"a key twice, spelled differently", R"("text":"ab")", R"("text":"ab","t\u0065xt":"ab")",
       "400 an object has a key twice"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    std::string text = kGood;
    const auto at = text.find(row.change_from);
    REQUIRE(at != std::string::npos);
    text.replace(at, std::strlen(row.change_from), row.change_to);
    CHECK(faults(text) == row.says);
  }
}

TEST_CASE("three characters of any script are three characters") {
  CHECK(faults(std::string(kGood).replace(std::string(kGood).find("ab"), 2, "三文字")) == "");
}

TEST_CASE("between plugins a newer member is ignored") {
  std::string text = kGood;
  text.insert(1, R"("new":1,)");
  CHECK(faults(text, Unknown::ignore) == "");
  CHECK(faults(text, Unknown::refuse) == "422 /new unknown_member");
}

TEST_CASE("nesting beyond 32 and bytes behind the document are refused") {
  CHECK(faults(std::string(40, '[') + std::string(40, ']')).rfind("400", 0) == 0);
  CHECK(faults(std::string(kGood) + " x").rfind("400", 0) == 0);
  CHECK(faults("").rfind("400", 0) == 0);
}

TEST_CASE("formats") {
  struct Row {
    Format format;
    const char* text;
    bool good;
  };
  const Row rows[] = {
      {Format::email, "a@b.example", true},
      {Format::email, "a.b+c@sub.b.example", true},
      {Format::email, "a@b", false},
      {Format::email, "a b@c.example", false},
      {Format::email, ".a@b.example", false},
      {Format::email, "a@b..example", false},
      {Format::email, "a@b.example\r\nBcc:x", false},
      {Format::phone, "+81 3-1234-5678", true},
      {Format::phone, "123", false},
      {Format::phone, "12345678x", false},
      {Format::date, "2026-02-28", true},
      {Format::date, "2026-02-30", false},
      {Format::country, "JP", true},
      {Format::country, "jp", false},
      {Format::uuid, "0b8f6b0e-0000-4000-8000-000000000000", true},
      {Format::uuid, "0b8f6b0e", false},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    contract::Struct structure;
    structure.fields.push_back({});
    auto& field = structure.fields.back();
    field.name = "v";
    field.type = &contract::type_of<std::string>();
    field.format = row.format;
    static contract::Struct* current;
    current = &structure;
    contract::Type type{};
    type.decode = contract::decode_struct;
    type.structure = []() -> const contract::Struct* { return current; };
    std::string out;
    contract::Decoder decoder(Unknown::refuse);
    contract::decode_struct(type, boost::json::object{{"v", row.text}}, &out, decoder);
    CHECK(decoder.errors.empty() == row.good);
  }
}

TEST_CASE("the schema tells the rules, names templates by what they hold, and closes objects") {
  boost::json::object components;
  schema<Sample>(components);
  CHECK(components.contains("InnerListing"));
  const auto& sample = components.at("Sample").as_object();
  CHECK(sample.at("additionalProperties") == false);
  CHECK(sample.at("properties").at("text").at("maxLength") == 3);
  CHECK(sample.at("properties").at("size").at("enum") == boost::json::array({"small", "large"}));
  CHECK(sample.at("required").as_array().size() == 5);
}
