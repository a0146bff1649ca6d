// A file's way to a browser through the C ABI: the link, whom it serves, and what breaks on the way.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <portico/contracts/crm_cases.hpp>
#include <portico/testkit.hpp>

#include "tests/scripted.hpp"

using portico::Problem;
using portico::testkit::TestHost;
using portico::testkit::UpstreamReply;
using portico::testkit::UpstreamRequest;
namespace contract = portico::crm;

namespace {

const std::string kUser = "00000000-0000-4000-8000-000000000001";
const std::string kCase = R"({"totalSize":1,"done":true,"records":[{"Id":"500000000000001AAA"}]})";
const std::string kNone = R"({"totalSize":0,"done":true,"records":[]})";

/// An org with one case of one account and one file, and the connector on it.
struct Org {
  Org() : key(std::filesystem::temp_directory_path() / fmt::format("salesforce-key-{}", ::getpid())) {
    std::ofstream(key) << salesforce::test_key();
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2'654'435'761u >> 13);
    host.config({{"login_url", "https://org.example"},
                 {"client_id", "client-1"},
                 {"username", "portal@example.com"},
                 {"private_key_path", key.string()}});
    host.upstream("salesforce").answer_all([this](const UpstreamRequest& asked) { return answer(asked); });
    host.load(PORTICO_PLUGIN_FILE);
    portico::testkit::User user;
    user.user_id = kUser;
    host.sign_in(user);
  }
  ~Org() { std::filesystem::remove(key); }

  UpstreamReply answer(const UpstreamRequest& asked) {
    if (asked.operation == "token")
      return {200, salesforce::ScriptedTransport::token_reply("00D000000000001!secret-token")};
    if (asked.operation == "download") {
      downloads.push_back(asked);
      return file;
    }
    if (asked.path.find("FROM%20ContentDocumentLink") == asked.path.npos)
      return {200, asked.path.find("001000000000001AAA") == asked.path.npos ? kNone : kCase};
    return {
        200,
        fmt::format(
            R"({{"totalSize":1,"done":true,"records":[{{"ContentDocumentId":"069000000000001AAA",)"
            R"("ContentDocument":{{"Title":"写真 1","FileExtension":"png","ContentSize":{},)"
            R"("CreatedDate":"2024-05-06T07:08:09.000+0000","LatestPublishedVersionId":"068000000000001AAA"}}}}]}})",
            size)};
  }
  contract::FileLink link(const std::string& user = kUser) {
    return host.call(
        contract::link_file,
        contract::FileLinkRequest{"001000000000001AAA", "500000000000001AAA", "069000000000001AAA", user});
  }

  std::filesystem::path key;
  std::string bytes = std::string(200'000, '\0');
  std::size_t size = bytes.size();
  UpstreamReply file{200, bytes, "application/octetstream"};
  std::vector<UpstreamRequest> downloads;
  TestHost host;
};

}  // namespace

TEST_CASE("a link gives its person the file, under its name and for saving") {
  Org org;
  org.file.body = org.bytes;
  const auto link = org.link();
  CHECK(link.file.name == "写真 1.png");
  CHECK(link.file.size == 200'000);
  CHECK(link.expires_at == "2030-01-01T00:10:00Z");
  REQUIRE(link.path.starts_with("/api/crm/files/"));
  CHECK(link.path.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/") ==
        link.path.npos);
  const auto reply = org.host.get(link.path);
  CHECK(reply.status == 200);
  CHECK_FALSE(reply.cut);
  CHECK((reply.body == org.bytes));
  CHECK(reply.header("content-disposition") == "attachment; filename*=UTF-8''%E5%86%99%E7%9C%9F%201.png");
  CHECK(reply.header("cache-control") == "private, no-store");
  REQUIRE(org.downloads.size() == 1);
  CHECK(org.downloads[0].path ==
        "/services/data/v60.0/sobjects/ContentVersion/068000000000001AAA/VersionData");
  CHECK(org.downloads[0].lane == "files");
}

TEST_CASE("a link serves nobody else, not for long, and only whole") {
  Org org;
  const auto link = org.link();
  const auto refused = [&](const std::string& path) {
    const auto reply = org.host.get(path);
    return fmt::format("{} {}", reply.status, reply.code);
  };
  portico::testkit::User other;
  other.user_id = "00000000-0000-4000-8000-000000000002";
  org.host.sign_in(other);
  CHECK(refused(link.path) == "404 crm.link_expired");
  org.host.sign_out();
  CHECK(refused(link.path).starts_with("401 "));
  portico::testkit::User user;
  user.user_id = kUser;
  org.host.sign_in(user);
  auto changed = link.path;
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  CHECK(refused(changed) == "404 crm.link_expired");
  CHECK(refused(link.path.substr(0, link.path.size() - 1)) == "404 crm.link_expired");
  CHECK(refused("/api/crm/files/068000000000001AAA") == "404 crm.link_expired");
  CHECK(refused("/api/crm/files/%2B%2F") == "404 crm.link_expired");
  CHECK(org.downloads.empty());
  CHECK(org.host.get(link.path).status == 200);
  org.host.advance(std::chrono::seconds(601));
  CHECK(refused(link.path) == "404 crm.link_expired");
  CHECK(org.downloads.size() == 1);
}

TEST_CASE("no link to a file of another account, too large, or for nobody") {
  Org org;
  CHECK(salesforce::code_of([&] {
          org.host.call(contract::link_file,
                        contract::FileLinkRequest{"001000000000002AAA", "500000000000001AAA",
                                                  "069000000000001AAA", kUser});
        }) == "404 crm.case_not_found");
  CHECK(salesforce::code_of([&] { org.link(""); }) == "422 request.invalid /user_id required");
  org.size = (25u << 20) + 1;
  CHECK(salesforce::code_of([&] { org.link(); }) == "413 crm.file_too_large");
}

TEST_CASE("what breaks before the first byte is an answer, what breaks later cuts the file") {
  Org org;
  org.file.body = org.bytes;
  const auto path = org.link().path;
  org.file.status = 503;
  CHECK(org.host.get(path).code == "upstream.unavailable");
  org.file.status = 200;
  org.file.cut_after = 0;
  CHECK(org.host.get(path).code == "upstream.unavailable");
  org.file.cut_after = 150'000;
  const auto broken = org.host.get(path);
  CHECK(broken.status == 200);
  CHECK(broken.cut);
  org.file.cut_after.reset();
  org.file.body = org.bytes.substr(1);
  CHECK(org.host.get(path).cut);
  org.file.body = org.bytes + "x";
  CHECK(org.host.get(path).cut);
  const auto& log = org.host.log();
  CHECK(std::count_if(log.begin(), log.end(), [](const auto& line) {
          return line.text().find("broke off") != std::string::npos;
        }) == 3);
  for (const auto& line : log) CHECK(line.text().find("写真") == std::string::npos);
}

TEST_CASE("a file read whole has the size the org says, or is none") {
  Org org;
  const auto get = [&] {
    return org.host.call(contract::get_file,
                         contract::FileRef{"001000000000001AAA", "500000000000001AAA", "069000000000001AAA"});
  };
  org.file.body = org.bytes;
  CHECK(get().content.size() == (200'000 + 2) / 3 * 4);
  org.file.body = org.bytes.substr(1);
  CHECK(salesforce::code_of(get) == "502 upstream.bad_reply");
  org.file.body = org.bytes + "x";
  CHECK(salesforce::code_of(get) == "502 upstream.too_large");
}
