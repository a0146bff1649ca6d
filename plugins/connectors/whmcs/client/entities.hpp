// HTML entities: WHMCS escapes free text when it is sent and returns it escaped.
#pragma once

#include <string>
#include <string_view>

namespace whmcs {

/// Decodes &amp; &lt; &gt; &quot; &apos; and numeric references, once: "&amp;lt;" becomes "&lt;". What is no
/// reference to a character (&nbsp;, &#0;, a surrogate, "&#12" without its semicolon) stays as it is.
std::string decode_entities(std::string_view text);

}  // namespace whmcs
