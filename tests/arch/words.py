"""What the sources may not say: other rooms' words, calls that have a better form, unfinished marks, this machine's paths."""

import re

from tree import NATIVE, WEB, Rule, code_of, line_of

_BUSINESS = re.compile(r"whmcs|salesforce|freebit|invoice|msisdn", re.IGNORECASE)
_UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|\bnot (?:yet )?imple" r"mented\b|\bunimple" r"mented\b")
_MACHINE = re.compile(r"(?<![\w.\-}>)])/(?:wo" r"rk|ro" r"ot|ho" r"me|Us" r"ers)/\w|/opt/" r"wheels")
# A handler that is slow is what some tests are about; its line says so.
_ON_PURPOSE = re.compile(r"/[/*] on purpose: \S")
# A wait on no descriptor is a sleep under another name.
_SLEEPS = (r"\bsleep_(?:for|until)\b|\bu?sleep\s*\(|\bnanosleep\s*\(|\bp?poll\s*\(\s*(?:nullptr|NULL|0)\s*,"
           r"|\bp?select\s*\(\s*0\s*,")
_TESTS = re.compile(r"(^|/)tests/|_test\.cpp$")
_PRODUCT = ("kernel/", "sdk/include/", "plugins/")

# (what, pattern, folders, who may, instead); tests are read only where "tests/" is among the folders
BANNED = [
    ("getenv", r"\bgetenv\s*\(", _PRODUCT, ("kernel/config/",), "a typed setting (kernel/config, or the plugin's config)"),
    ("printf", r"(?<!fmt::)\bv?printf\s*\(|\bv?sprintf\s*\(|\bfprintf\s*\(\s*stdout", _PRODUCT, (), "fmt::format, and the log"),
    ("standard streams", r"\bstd::(?:cout|cerr|clog)\b", _PRODUCT, ("kernel/commands/", "kernel/main.cpp"), "the log; commands print"),
    ("system, popen", r"(?<![\w.>:])(?:std::)?(?:system|popen)\s*\(", _PRODUCT + ("examples/",), (), "no shell"),
    ("unbounded C strings", r"\b(?:strcpy|strcat|gets|strtok)\s*\(", _PRODUCT + ("examples/", "tests/"), (), "std::string, std::string_view"),
    ("shared static time", r"\b(?:localtime|gmtime|asctime|ctime)\s*\(", _PRODUCT + ("examples/",), (), "the _r form, std::chrono"),
    ("Poco::Data statements", r"Poco/Data/(?:Statement|RecordSet)\.h|\bData::(?:Statement|RecordSet|Keywords)\b", _PRODUCT + ("examples/", "tests/"), (),
     "kernel/database: a statement that fails after it succeeded aborts the process (docs/decisions)"),
    ("Poco's HTTP server and client", r"Poco/Net/HTTPS?(?:Server|ClientSession)\.h|\bHTTPS?(?:Server|ClientSession)\b", _PRODUCT, (),
     "kernel/front and kernel/outbound: one frames too leniently, the other takes a cut-off reply for a whole one"),
    ("detached threads", r"\.detach\s*\(\s*\)", _PRODUCT + ("examples/",), (), "std::jthread that somebody joins"),
    ("Boost.JSON's sources", r"boost/json/src\.hpp", ("kernel/", "sdk/", "plugins/", "examples/", "tests/"), ("sdk/cmake/",), "the target portico_json"),
    ("following redirects", r"CURLOPT_FOLLOWLOCATION\s*,\s*[1-9]", _PRODUCT, (), "a redirect of a system of record is an error"),
    ("unchecked TLS", r"CURLOPT_SSL_VERIFY(?:PEER|HOST)\s*,\s*0", _PRODUCT, (), "a certificate authority in the config"),
    ("rand", r"\bs?rand\s*\(", _PRODUCT + ("examples/",), (), "the crypto extension, std::mt19937 where it need not be secret"),
    ("using namespace std", r"\busing\s+namespace\s+std\s*;", _PRODUCT + ("examples/", "tests/"), (), "the names themselves"),
]
BANNED_WEB = [
    ("raw HTML in pages", r"\bdangerouslySetInnerHTML\b|\.(?:inner|outer)HTML\s*=", "text, or React elements"),
    ("code from text", r"(?<![\w.])eval\s*\(|new\s+Function\s*\(", "no such thing: the content-security policy refuses it too"),
    ("secrets in the browser's storage", r"\b(?:localStorage|sessionStorage)\b[^\n]*(?:token|password|secret)", "HttpOnly cookies"),
]


def kernel_words(tree):
    for path, text in tree.under("kernel/"):
        for match in _BUSINESS.finditer(text):
            yield f"{path}:{line_of(text, match.start())} says '{match.group()}'"
        if _BUSINESS.search(path):
            yield f"{path} is named so"


def banned(tree):
    for what, pattern, folders, may, instead in BANNED:
        for path, text in tree.under(*folders, ends=NATIVE):
            if path.startswith(may) or (_TESTS.search(path) and "tests/" not in folders):
                continue
            for match in re.finditer(pattern, code_of(text)):
                yield f"{path}:{line_of(text, match.start())} {what}: {instead}"
    for what, pattern, instead in BANNED_WEB:
        for path, text in tree.under("sdk/web/", "plugins/", ends=WEB):
            for match in re.finditer(pattern, code_of(text)):
                yield f"{path}:{line_of(text, match.start())} {what}: {instead}"


def sleeping_tests(tree):
    for path, text in tree.under("kernel/", "sdk/", "plugins/", "examples/", "tests/", ends=NATIVE):
        if not _TESTS.search(path):
            continue
        for match in re.finditer(_SLEEPS, code_of(text)):
            if _ON_PURPOSE.search(text.splitlines()[line_of(text, match.start()) - 1]):
                continue
            yield f"{path}:{line_of(text, match.start())} sleeps: wait for the thing itself, or move the test clock"


def unfinished(tree):
    for path, text in tree.under(ends=NATIVE + WEB + (".sql", ".sh", ".py", ".md", ".cmake", ".txt", ".json", ".properties", "/dev", "/run")):
        for match in _UNFINISHED.finditer(text):
            yield f"{path}:{line_of(text, match.start())} says '{match.group()}'"


def machine_paths(tree):
    for path, text in tree.under():
        for match in _MACHINE.finditer(text):
            yield f"{path}:{line_of(text, match.start())} names {text[match.start():match.start() + 40].split()[0]}"
        if path.endswith("package-lock.json") and '"resolved": "http' in text:
            yield f"{path} records download addresses: npm config set omit-lockfile-registry-resolved true, then make it anew"


def purpose(tree):
    for path, text in tree.under("kernel/", "sdk/", "plugins/", "examples/", "tests/", "migrations/", "config/", ends=NATIVE + (".sql", ".py", ".sh", ".properties")):
        first = next((line for line in text.split("\n") if line.strip() and not line.startswith("#!")), "")
        if not first.startswith(("//", "/*", "--", '"""', "#")) or first.startswith(("#include", "#pragma", "#define", "#if")):
            yield f"{path} does not begin with a sentence of purpose"


def lengths(tree):
    for path, text in tree.under(ends=NATIVE + WEB + (".py", ".sh", ".sql")):
        if text.count("\n") > 500 and ".gen." not in path:
            yield f"{path} has {text.count(chr(10))} lines: look for the second noun in it"


RULES = [
    Rule("words", "the kernel knows no vendor and no business word", kernel_words,
         bad=[{"kernel/a.cpp": "// an Invoice\n"}, {"kernel/README.md": "calls WHMCS\n"}, {"kernel/whmcs/a.cpp": "\n"}],
         good={"kernel/a.cpp": "// an upstream\n", "plugins/billing/a.cpp": "// invoice\n"}),
    Rule("words", "calls that have a better form here are not used", banned,
         bad=[{"plugins/a/x.cpp": 'auto v = std::getenv("A");\n'}, {"kernel/a.cpp": 'printf("x");\n'}, {"kernel/a.cpp": "std::cout << 1;\n"},
              {"kernel/a.cpp": 'std::system("ls");\n'}, {"plugins/a/x.cpp": "strcpy(a, b);\n"}, {"kernel/a.cpp": "#include <Poco/Data/Statement.h>\n"},
              {"kernel/a.cpp": "Poco::Net::HTTPClientSession s;\n"}, {"kernel/a.cpp": "std::thread(f).detach();\n"}, {"kernel/a.cpp": "auto t = gmtime(&now);\n"},
              {"plugins/a/x.cpp": "#include <boost/json/src.hpp>\n"}, {"kernel/a.cpp": "curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 1L);\n"},
              {"kernel/a.cpp": "curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);\n"}, {"kernel/a.cpp": "int r = rand();\n"}, {"kernel/a.cpp": "using namespace std;\n"},
              {"plugins/a/web/x.tsx": "<p dangerouslySetInnerHTML={{__html: a}} />\n"}, {"sdk/web/src/x.ts": "eval(a);\n"},
              {"sdk/web/src/x.ts": 'localStorage.setItem("token", t);\n'}],
         good={"kernel/config/a.cpp": 'std::getenv("A");\n', "kernel/config/tests/a_test.cpp": 'popen("promtool", "w");\n', "kernel/commands/a.cpp": "std::cout << 1;\n",
               "kernel/a.cpp": '// printf("x");\nfmt::printf("x"); tx.as_system("reason"); gmtime_r(&a, &b); operand(); std::snprintf(a, 2, "x");\n',
               "sdk/web/src/x.ts": 'localStorage.setItem("theme", t);\n'}),
    Rule("words", "no test sleeps", sleeping_tests,
         bad=[{"kernel/front/tests/a_test.cpp": "std::this_thread::sleep_for(1s);\n"}, {"tests/chaos/a.cpp": "usleep(3);\n"},
              {"kernel/front/tests/a_test.cpp": "::poll(nullptr, 0, 5);\n"}, {"tests/chaos/a.cpp": "select(0, nullptr, nullptr, nullptr, &t);\n"}],
         good={"kernel/front/tests/a_test.cpp": "// sleep_for\nwait_until_ready();\n::poll(&peer, 1, 5);\n", "kernel/work/a.cpp": "sleep_for(1s);\n",
               "tests/chaos/a.cpp": "usleep(3);  // on purpose: a stalled handler\n"}),
    Rule("words", "nothing is marked as unfinished", unfinished,
         bad=[{"kernel/a.cpp": "// TO" "DO: later\n"}, {"docs/a.md": "This is not yet imple" "mented.\n"}],
         good={"kernel/a.cpp": "// a method\n"}),
    Rule("words", "no path or registry of a developer's machine", machine_paths,
         bad=[{"docs/a.md": "see /ho" "me/me/a\n"}, {"sdk/web/package-lock.json": '"resolved": "http' 's://x/y.tgz"\n'}, {"a.txt": "(/wo" "rk/main)\n"}],
         good={"docs/a.md": "kernel/work/queue.hpp and ${ROOT}/work/x and /var/tmp/portico\n"}),
    Rule("words", "a file begins with its purpose", purpose,
         bad=[{"kernel/a.hpp": "#pragma once\n// later\n"}, {"migrations/auth/0001_a.sql": "create table a();\n"}],
         good={"kernel/a.hpp": "// What it is.\n#pragma once\n", "config/dev/a.sh": "#!/bin/sh\n# What it is.\n", "sdk/a.h": "/* What */\n"}),
    Rule("words", "no source is longer than 500 lines", lengths,
         bad=[{"kernel/a.cpp": "x\n" * 501}], good={"kernel/a.cpp": "x\n" * 500, "sdk/web/src/types.gen.ts": "x\n" * 900}),
]
