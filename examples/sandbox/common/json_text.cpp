// PHP-like JSON writer: member order kept, escapes by switch.
#include "examples/sandbox/common/json_text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace sandbox {

namespace {

class Writer {
 public:
  explicit Writer(const JsonEscapes& escapes) : escapes_(escapes) {}

  void write(const boost::json::value& value) {
    if (const auto* object = value.if_object()) {
      const char* separator = "{";
      for (const auto& member : *object) {
        out_ += separator;
        text(member.key());
        out_ += ':';
        write(member.value());
        separator = ",";
      }
      out_ += object->empty() ? "{}" : "}";
    } else if (const auto* array = value.if_array()) {
      const char* separator = "[";
      for (const auto& element : *array) {
        out_ += separator;
        write(element);
        separator = ",";
      }
      out_ += array->empty() ? "[]" : "]";
    } else if (const auto* string = value.if_string()) {
      text(*string);
    } else {
      out_ += boost::json::serialize(value);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void unit(unsigned code) { fmt::format_to(std::back_inserter(out_), "\\u{:04x}", code); }

  void text(std::string_view bytes) {
    out_ += '"';
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      if (byte >= 0x80 && escapes_.non_ascii) {
        i += code_point(bytes, i) - 1;
      } else {
        ascii(bytes[i]);
      }
    }
    out_ += '"';
  }

  /// Writes the escape of the sequence at `at` (well-formed UTF-8) and returns its length.
  std::size_t code_point(std::string_view bytes, std::size_t at) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    unsigned code = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length && at + i < bytes.size(); ++i)
      code = (code << 6U) | (static_cast<unsigned char>(bytes[at + i]) & 0x3FU);
    if (code > 0xFFFF) {
      unit(0xD800U + ((code - 0x10000U) >> 10U));
      unit(0xDC00U + ((code - 0x10000U) & 0x3FFU));
    } else {
      unit(code);
    }
    return length;
  }

  void ascii(char c) {
    switch (c) {
      case '"':
        escapes_.hex_quotes ? unit(0x22) : void(out_ += "\\\"");
        return;
      case '\\':
        out_ += "\\\\";
        return;
      case '/':
        out_ += escapes_.slash ? "\\/" : "/";
        return;
      case '\n':
        out_ += "\\n";
        return;
      case '\r':
        out_ += "\\r";
        return;
      case '\t':
        out_ += "\\t";
        return;
      case '\b':
        out_ += "\\b";
        return;
      case '\f':
        out_ += "\\f";
        return;
      case '&':
      case '\'':
      case '<':
      case '>':
        if (escapes_.hex_quotes) return unit(static_cast<unsigned char>(c));
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) return unit(static_cast<unsigned char>(c));
    }
    out_ += c;
  }

  JsonEscapes escapes_;
  std::string out_;
};

}  // namespace

std::string php_json(const boost::json::value& value, const JsonEscapes& escapes) {
  Writer writer(escapes);
  writer.write(value);
  return writer.take();
}

}  // namespace sandbox
