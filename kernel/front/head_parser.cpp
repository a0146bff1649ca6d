// Collects what Beast's parser reports as offsets into the request's own copy of the head.
#include "kernel/front/head_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace kernel::front {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

template <class OnRequest, class OnField>
class Parser final : public http::basic_parser<true> {
 public:
  Parser(std::size_t size, OnRequest on_request, OnField on_field)
      : on_request_(on_request), on_field_(on_field) {
    this->header_limit(static_cast<std::uint32_t>(size) +
                       1);  // the framer has applied our own limits already
    this->body_limit(boost::none);
  }

 private:
  using Error = beast::error_code;
  using Text = beast::string_view;

  void on_request_impl(http::verb, Text method, Text target, int version, Error& error) override {
    error = {};
    on_request_(method, target, version);
  }
  void on_field_impl(http::field, Text name, Text value, Error& error) override {
    error = {};
    on_field_(name, value);
  }
  void on_header_impl(Error& error) override { error = {}; }
  void on_finish_impl(Error& error) override { error = {}; }
  void on_response_impl(int, Text, int, Error& error) override { error = http::error::bad_version; }
  // Bodies are read by the framer; were one offered here, that would be refused.
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error& error) override {
    error = http::error::unexpected_body;
  }
  std::size_t on_body_impl(Text, Error& error) override {
    error = http::error::unexpected_body;
    return 0;
  }
  void on_chunk_header_impl(std::uint64_t, Text, Error& error) override {
    error = http::error::unexpected_body;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, Text, Error& error) override {
    error = http::error::unexpected_body;
    return 0;
  }

  OnRequest on_request_;
  OnField on_field_;
};

Refusal refusal_of(const beast::error_code& error) {
  if (error == http::error::bad_content_length || error == http::error::multiple_content_length) {
    return Refusal::malformed_length;
  }
  if (error == http::error::bad_transfer_encoding) return Refusal::malformed_transfer_coding;
  return Refusal::malformed_header;
}

}  // namespace

bool HeadParser::parse(std::string_view text, Head& head, Refusal& refusal) {
  head.headers.text_.assign(text);
  head.headers.slots_.clear();
  const char* base = head.headers.text_.data();
  Parser parser(
      text.size(),
      [&](beast::string_view method, beast::string_view target, int version) {
        head.method.assign(method.data(), method.size());
        head.target.assign(target.data(), target.size());
        head.minor_version = version - 10;
      },
      [&](beast::string_view name, beast::string_view value) {
        head.headers.slots_.push_back(
            {static_cast<std::uint32_t>(name.data() - base), static_cast<std::uint32_t>(name.size()),
             static_cast<std::uint32_t>(value.data() - base), static_cast<std::uint32_t>(value.size())});
      });
  beast::error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer(base, text.size()), error);
  if (!error && parser.is_header_done() && used == text.size()) return true;
  refusal = refusal_of(error);
  return false;
}

}  // namespace kernel::front
