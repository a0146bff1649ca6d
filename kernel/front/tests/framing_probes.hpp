// The 45 raw requests that told lenient servers from strict ones, and what this front answers.
#pragma once

#include <string>
#include <vector>

namespace kernel::front::test {

struct Probe {
  std::string name;  // also the name of its seed in tests/fuzz/request/corpus
  std::string bytes;
  int status;               // 200 for a request that is accepted
  std::string body = {};    // of the accepted request
  bool then_close = false;  // the peer closes after these bytes
};

inline std::string post(const std::string& fields, const std::string& rest) {
  return "POST /a HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + rest;
}

inline std::string chunked(const std::string& rest) {
  return post("Transfer-Encoding: chunked\r\n", rest);
}

inline std::vector<Probe> probes() {
  using namespace std::string_literals;
  const std::string get = "GET /a HTTP/1.1\r\n";
  std::string many_fields;
  for (int i = 0; i < 120; ++i) many_fields += "X-" + std::to_string(i) + ": 1\r\n";
  const std::string one_chunk = "3\r\nabc\r\n0\r\n\r\n";
  return {
      {"counted", post("Content-Length: 3\r\n", "abc"), 200, "abc"},
      {"chunked_with_extension", chunked("3;x=y\r\nabc\r\n0\r\n\r\n"), 200, "abc"},
      {"chunk_size_with_zeros", chunked("000000003\r\nabc\r\n0\r\n\r\n"), 200, "abc"},
      {"no_length", post("", ""), 200, ""},
      {"body_nobody_reads", post("Content-Length: 32\r\n", "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n!"), 200,
       "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n!"},
      {"byte_ff_in_value",
       post("X-A: 1\xff"
            "2\r\n",
            ""),
       200, ""},

      {"length_and_coding", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", one_chunk), 400},
      {"two_lengths", post("Content-Length: 3\r\nContent-Length: 5\r\n", "abcde"), 400},
      {"length_list", post("Content-Length: 3, 3\r\n", "abc"), 400},
      {"length_thousands", post("Content-Length: 1,0\r\n", "abcdefghij"), 400},
      {"length_plus", post("Content-Length: +3\r\n", "abc"), 400},
      {"length_minus", post("Content-Length: -1\r\n", "abc"), 400},
      {"length_hex", post("Content-Length: 0x3\r\n", "abc"), 400},
      {"length_empty", post("Content-Length: \r\n", "abc"), 400},
      {"length_20_digits", post("Content-Length: 00000000000000000003\r\n", "abc"), 400},
      {"space_before_colon", post("Content-Length : 32\r\n", std::string(32, 'x')), 400},
      {"body_too_short", post("Content-Length: 32\r\n", "abc"), 400, "", true},

      {"xchunked", post("Transfer-Encoding: xchunked\r\n", one_chunk), 400},
      {"identity_chunked", post("Transfer-Encoding: identity, chunked\r\n", one_chunk), 400},
      {"two_codings", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", one_chunk), 400},
      {"encoded_word_chunked", post("Transfer-Encoding: =?utf-8?Q?chunked?=\r\n", one_chunk), 400},
      {"coding_in_http_1_0", "POST /a HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + one_chunk,
       400},

      {"chunk_extension_lf", chunked("3;x\nabc\r\n0\r\n\r\n"), 400},
      {"chunk_lf_only", chunked("3\nabc\n0\n\n"), 400},
      {"chunk_size_0x", chunked("0x3\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk_size_underscore", chunked("3_\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk_size_junk", chunked("3 junk\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk_too_long", chunked("3\r\nabcdef\r\n0\r\n\r\n"), 400},
      {"chunk_cut", chunked("5\r\nab"), 400, "", true},
      {"trailer_then_request", chunked("0\r\nX-T: 1\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n"), 400},

      {"no_host", get + "\r\n", 400},
      {"two_hosts", get + "Host: a\r\nHost: b\r\n\r\n", 400},
      {"folded_field", get + "Host: a\r\nX-A: 1\r\n  2\r\n\r\n", 400},
      {"lf_lines", "GET /a HTTP/1.1\nHost: a\n\n", 400},
      {"cr_in_value", get + "Host: a\r\nX-A: 1\r2\r\n\r\n", 400},
      {"nul_in_value",
       get + "Host: a\r\nX-A: 1\0"
             "2\r\n\r\n"s,
       400},
      {"no_colon", get + "Host: a\r\nX-A 1\r\n\r\n", 400},
      {"method_no_token", "G(E)T /a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"version_foo", "GET /a FOO\r\nHost: a\r\n\r\n", 400},

      {"version_9_9", "GET /a HTTP/9.9\r\nHost: a\r\n\r\n", 505},
      {"http2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"long_name", get + "Host: a\r\n" + std::string(300, 'n') + ": 1\r\n\r\n", 431},
      {"long_value", get + "Host: a\r\nX-A: " + std::string(9000, 'v') + "\r\n\r\n", 431},
      {"many_fields", get + "Host: a\r\n" + many_fields + "\r\n", 431},

      {"encoded_word_value", post("X-A: =?utf-8?Q?v=0D=0AX-B:_evil?=\r\n", ""), 200, ""},
  };
}

inline const std::string kCanary = "GET /canary HTTP/1.1\r\nHost: canary\r\n\r\n";

}  // namespace kernel::front::test
