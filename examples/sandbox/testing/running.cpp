// libcurl as the caller: unlike Poco's client it reports answers that were cut short.
#include "examples/sandbox/testing/running.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::testing {

namespace {

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(data, size * count);
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* into) {
  auto& reply = *static_cast<Reply*>(into);
  const std::string line = trim(std::string_view(data, size * count));
  if (starts_ignoring_case(line, "location:")) reply.location = trim(line.substr(9));
  if (starts_ignoring_case(line, "content-type:")) reply.content_type = trim(line.substr(13));
  if (starts_ignoring_case(line, "set-cookie:")) reply.cookie = trim(line.substr(11, line.find(';') - 11));
  return size * count;
}

}  // namespace

Reply send(const std::string& method, const std::string& url, const std::string& body,
           const std::string& cookie, long timeout_ms) {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  REQUIRE(kReady == CURLE_OK);
  Reply reply;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, timeout_ms);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &reply);
  if (method != "GET") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  }
  if (!cookie.empty()) curl_easy_setopt(curl.get(), CURLOPT_COOKIE, cookie.c_str());
  reply.error = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sandbox-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Running::Running(Options options) : options_(std::move(options)) {
  options_.port = options_.smtp_port = 0;
  box_ = std::make_unique<Sandbox>(options_);
}

std::string Running::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", box_->http_port(), path);
}

void Running::restart() {
  box_.reset();
  box_ = std::make_unique<Sandbox>(options_);
}

std::string credentials() {
  const Options defaults;
  return fmt::format("identifier={}&secret={}&responsetype=json", defaults.whmcs_identifier,
                     defaults.whmcs_secret);
}

std::string sign_up_form(std::string_view email) {
  return fmt::format(
      "{}&action=AddClient&firstname=New&lastname=Sample&email={}&address1=1-1&city=Minato&state=Tokyo"
      "&postcode=106-0001&country=JP&phonenumber=%2B81.312345678&password2=new-Sample-1",
      credentials(), url_encode(email));
}

Reply Running::post_form(const std::string& form, long timeout_ms) const {
  return send("POST", url("/whmcs/includes/api.php"), form, {}, timeout_ms);
}

Reply Running::call(std::string_view action, Fields fields) const {
  std::string form = fmt::format("{}&action={}", credentials(), action);
  for (const auto& [name, value] : fields) form += fmt::format("&{}={}", name, url_encode(value));
  return post_form(form);
}

std::string Running::refusal(std::string_view action, Fields fields) const {
  const Reply reply = call(action, fields);
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  const auto answer = reply.json();
  REQUIRE(answer.at("result") == "error");
  return std::string(answer.at("message").as_string());
}

Reply Running::control(const std::string& method, const std::string& path,
                       const boost::json::value& body) const {
  return send(method, url(path), boost::json::serialize(body));
}

std::size_t Running::calls_of(const std::string& action) const {
  return get("/control/whmcs/calls?action=" + action).json().at("count").to_number<std::size_t>();
}

}  // namespace sandbox::testing
