// Static files: what is loaded, which variant is sent, what stays out of reach.
#include "kernel/front/static_files.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <portico/problem.hpp>

using namespace kernel::front;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "front-static-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

 private:
  fs::path path_;
};

Request get(const std::string& accept_encoding = "", const std::string& if_none_match = "") {
  Request request;
  request.method = "GET";
  if (!accept_encoding.empty()) request.headers.add("Accept-Encoding", accept_encoding);
  if (!if_none_match.empty()) request.headers.add("If-None-Match", if_none_match);
  return request;
}

std::string line(const Response& response, const std::string& name) {
  const std::string& head = *response.head_fragment;
  const auto at = head.find(name + ": ");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 2;
  return head.substr(begin, head.find('\r', begin) - begin);
}

}  // namespace

TEST_CASE("a file is sent in the coding the client wants most") {
  Folder folder;
  folder.write("app-BX3k9_a1.js", "plain");
  folder.write("app-BX3k9_a1.js.gz", "gzipped");
  folder.write("app-BX3k9_a1.js.br", "brotli");
  folder.write("logo.svg", "<svg/>");
  StaticFiles files;
  files.mount("/assets/shell/", folder.path());
  CHECK(files.size() == 2);

  struct Row {
    std::string accept, path, body, coding;
  };
  const std::vector<Row> rows = {
      {"", "/assets/shell/app-BX3k9_a1.js", "plain", ""},
      {"gzip", "/assets/shell/app-BX3k9_a1.js", "gzipped", "gzip"},
      {"gzip, br", "/assets/shell/app-BX3k9_a1.js", "brotli", "br"},
      {"gzip;q=1, br;q=0.1", "/assets/shell/app-BX3k9_a1.js", "gzipped", "gzip"},
      {"br;q=0", "/assets/shell/app-BX3k9_a1.js", "plain", ""},
      {"gzip, br", "/assets/shell/logo.svg", "<svg/>", ""},
  };
  for (const Row& row : rows) {
    INFO(row.accept << " " << row.path);
    const auto response = files.answer(get(row.accept), row.path);
    REQUIRE(response.has_value());
    CHECK(response->status == 200);
    CHECK(response->content() == row.body);
    CHECK(line(*response, "Content-Encoding") == row.coding);
    CHECK(line(*response, "Vary") == "Accept-Encoding");
    CHECK(line(*response, "X-Content-Type-Options") == "nosniff");
  }
}

TEST_CASE("each coding has its own entity tag, and 304 answers the client that has it") {
  Folder folder;
  folder.write("a.js", "plain");
  folder.write("a.js.gz", "gzipped");
  StaticFiles files;
  files.mount("/x/", folder.path());
  const std::string plain = line(*files.answer(get(), "/x/a.js"), "ETag");
  const std::string packed = line(*files.answer(get("gzip"), "/x/a.js"), "ETag");
  CHECK(plain != packed);
  CHECK(plain.front() == '"');
  const auto unchanged = files.answer(get("", plain), "/x/a.js");
  CHECK(unchanged->status == 304);
  CHECK(unchanged->content().empty());
  CHECK(line(*unchanged, "ETag") == plain);
  CHECK(files.answer(get("gzip", plain), "/x/a.js")->status == 200);
  CHECK(files.answer(get("gzip", "\"z\", W/" + packed), "/x/a.js")->status == 304);
}

TEST_CASE("a name with a content hash may be kept for good, any other is asked about again") {
  Folder folder;
  for (const char* name : {"index-B-x_3kd9.css", "index.html", "sub/deep/vendor-0123abcdef99.js"})
    folder.write(name, "x");
  StaticFiles files;
  files.mount("/", folder.path());
  CHECK(line(*files.answer(get(), "/index-B-x_3kd9.css"), "Cache-Control") ==
        "public, max-age=31536000, immutable");
  CHECK(line(*files.answer(get(), "/sub/deep/vendor-0123abcdef99.js"), "Cache-Control").find("immutable") !=
        std::string::npos);
  CHECK(line(*files.answer(get(), "/index.html"), "Cache-Control") == "no-cache");
  CHECK(line(*files.answer(get(), "/index.html"), "Content-Type") == "text/html; charset=utf-8");

  for (const char* name :
       {"my-document.js", "apple-touchicon.png", "robots.txt", "a-b.js", "-Ab3.js", "12345678.js"}) {
    INFO(name);
    CHECK_FALSE(has_content_hash(name));
  }
  for (const char* name :
       {"index-DiwrgTda.js", "index-a1b2c3d4.js", "x--_Ab-9_-z.css", "m-abcdef0123456789.mjs"}) {
    INFO(name);
    CHECK(has_content_hash(name));
  }
}

TEST_CASE("only loaded files can be named") {
  Folder folder;
  folder.write("a b.txt", "space");
  folder.write(".env", "secret");
  folder.write(".git/config", "secret");
  folder.write("real.txt", "real");
  fs::create_symlink("/etc/hostname", folder.path() / "link.txt");
  StaticFiles files;
  files.mount("/f/", folder.path());
  CHECK(files.size() == 2);
  CHECK(files.answer(get(), "/f/a%20b.txt")->content() == "space");
  for (const char* path :
       {"/f/.env", "/f/.git/config", "/f/link.txt", "/f/../f/real.txt", "/f/", "/f/real.txt/", "/f//real.txt",
        "/f/%2e%2e/real.txt", "/f/real.txt%00", "/g/real.txt", ""}) {
    INFO(path);
    CHECK_FALSE(files.answer(get(), path).has_value());
  }
}

TEST_CASE("other methods than GET and HEAD are told so") {
  Folder folder;
  folder.write("a.txt", "a");
  StaticFiles files;
  files.mount("/", folder.path());
  Request request = get();
  request.method = "POST";
  CHECK(files.answer(request, "/a.txt")->status == 405);
  request.method = "HEAD";
  CHECK(files.answer(request, "/a.txt")->status == 200);
  CHECK(StaticFiles::answer_with(get(), *files.find("/a.txt"), 404).status == 404);
}

TEST_CASE("a folder that is not there is a problem at start") {
  StaticFiles files;
  CHECK_THROWS_AS(files.mount("/", "/nonexistent/front-test"), portico::Problem);
}
