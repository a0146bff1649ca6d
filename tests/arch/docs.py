"""What the documentation says is so: links lead somewhere, excerpts are the sources' words, error codes have their line."""

import os
import posixpath
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../config/dev"))
import reference  # noqa: E402
from tree import NATIVE, Rule, code_of, line_of

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
_EXCERPT = re.compile(r"<!-- excerpt: (\S+) -->\s*```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r'Problem\s*\{\s*[^,{}"]+,\s*"([a-z0-9_]+\.[a-z0-9_.]+)"')
_ERRORS = "docs/reference/errors.md"
_THROWN = re.compile(r'\b(?:Problem|Permanent)\s*[({]\s*[\w:]+\s*,\s*"([a-z0-9_]+\.[a-z0-9_.]+)"')
_SETTINGS = ("http.event_",)  # named there as settings


def anchors(text):
    """The anchors of a page's headings, as the usual renderers make them."""
    seen = {}
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", _FENCE.sub("", text), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        yield slug if count == 0 else f"{slug}-{count}"


def links(tree):
    for path, text in tree.under(ends=(".md",)):
        blank = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
        for match in _LINK.finditer(re.sub(r"`[^`\n]*`", lambda code: " " * len(code.group()), blank)):
            target, _, anchor = match.group(1).partition("#")
            where = f"{path}:{line_of(text, match.start())}"
            if re.match(r"[a-z]+:", target):
                continue
            page = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            if page not in tree.files and page not in tree.folders and page != ".":
                yield f"{where} links to {page}, which does not exist"
            elif anchor and page.endswith(".md") and anchor not in anchors(tree.files[page]):
                yield f"{where} links to #{anchor}, which {page} does not have"


def plain(lines):
    """Lines without the indent they share."""
    lines = [line.rstrip() for line in lines]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[indent:] for line in lines)


def excerpts(tree):
    for path, text in tree.under(ends=(".md",)):
        for match in _EXCERPT.finditer(text):
            source, wanted = match.group(1), match.group(2).rstrip("\n").split("\n")
            where = f"{path}:{line_of(text, match.start())}"
            if source not in tree.files:
                yield f"{where} quotes {source}, which does not exist"
                continue
            lines, size = tree.files[source].split("\n"), len(wanted)
            if not any(plain(lines[i:i + size]) == plain(wanted) for i in range(len(lines) - size + 1)):
                yield f"{where} quotes {source} with lines it does not have"


def error_codes(tree):
    if _ERRORS not in tree.files:
        return
    for path, text in tree.under("kernel/", "sdk/include/", "plugins/", ends=NATIVE):
        if "/tests/" in path:
            continue
        for match in _CODE.finditer(code_of(text)):
            if f"`{match.group(1)}`" not in tree.files[_ERRORS]:
                yield f"{path}:{line_of(text, match.start())}: {match.group(1)} has no line in {_ERRORS}"


def error_pages(tree):
    """`area.code` has a section in docs/reference/errors/<area>.md."""
    if _ERRORS not in tree.files:
        return
    known = {code for path, text in tree.under("docs/reference/errors/", ends=(".md",))
             for code in re.findall(r"^## (\S+)$", text, re.MULTILINE) if code.split(".")[0] == posixpath.basename(path)[:-3]}
    wanted = {code: _ERRORS for code in re.findall(r"`([a-z0-9_]+\.[a-z0-9_]+)`", tree.files[_ERRORS]) if not code.startswith(_SETTINGS)}
    for path, text in tree.under("kernel/", "sdk/include/", "sdk/src/", "plugins/", ends=NATIVE):
        if "/tests/" not in path and not path.startswith("kernel/validator/"):  # whose fake host makes failures up
            wanted.update((code, path) for code in _THROWN.findall(code_of(text)))
    for code in sorted(wanted.keys() - known):
        yield f"{wanted[code]}: {code} has no section in docs/reference/errors/{code.split('.')[0]}.md: what happened, what to do"


def sdk_reference(tree):
    headers = {posixpath.basename(path): text for path, text in tree.under(reference.HEADERS + "/", ends=(".h",))}
    if not headers:
        return
    made = {f"{reference.PAGES}/{name}": text for name, text in reference.pages(headers).items()}
    here = {path: text for path, text in tree.under(reference.PAGES + "/", ends=(".md",))}
    for path in sorted(made.keys() | here.keys()):
        if made.get(path) != here.get(path):
            yield f"{path} is not what the headers say: ./dev docs --write"


_HEADER = "/* What. */\n#define PORTICO_A 1 /* one */\n"
RULES = [
    Rule("docs", "links of the docs lead somewhere", links,
         bad=[{"README.md": "[a](docs/gone.md)"}, {"docs/a.md": "[a](b.md#gone)", "docs/b.md": "# Here\n"}, {"docs/a.md": "![p](images/gone.png)"}],
         good={"docs/a.md": "[a](b.md#here-it-is) [w](https://example.org) [up](../README.md) `[x](y)`\n```\n[a](gone)\n```\n", "docs/b.md": "# Here it is\n", "README.md": ""}),
    Rule("docs", "excerpts in the docs are what the sources say", excerpts,
         bad=[{"docs/a.md": "<!-- excerpt: kernel/a.cpp -->\n```cpp\nint a = 2;\n```\n", "kernel/a.cpp": "int a = 1;\n"},
              {"docs/a.md": "<!-- excerpt: gone.cpp -->\n```cpp\nx\n```\n"}],
         good={"docs/a.md": "<!-- excerpt: kernel/a.cpp -->\n```cpp\nint a = 1;\nint b;\n```\n", "kernel/a.cpp": "{\n  int a = 1;\n  int b;\n}\n"}),
    Rule("docs", "every error code has its line in docs/reference/errors.md", error_codes,
         bad=[{_ERRORS: "`a.b`", "kernel/a.cpp": 'throw Problem{404, "c.d_e", "x"};\n'}],
         good={_ERRORS: "| `c.d` | 404 |", "kernel/a.cpp": 'throw portico::Problem{404, "c.d", "x"};\n'}),
    Rule("docs", "every error code has its section: what happened, what to do", error_pages,
         bad=[{_ERRORS: "`a.b`"}, {_ERRORS: "", "kernel/a.cpp": 'throw Problem(404, "c.d_e", "x");\n'},
              {_ERRORS: "`a.b`", "docs/reference/errors/c.md": "## a.b\n"}],
         good={_ERRORS: "`a.b` and `http.event_streams`", "docs/reference/errors/a.md": "# A\n\n## a.b\n", "docs/reference/errors/c.md": "## c.d\n",
               "kernel/a.cpp": 'throw portico::Problem{404, "c.d", "x"};\n', "kernel/tests/a.cpp": 'Problem(1, "x.y")'}),
    Rule("docs", "the reference of the C ABI is what its headers say", sdk_reference,
         bad=[{reference.HEADERS + "/a.h": _HEADER},
              {reference.HEADERS + "/a.h": _HEADER, **{f"{reference.PAGES}/{name}": text + "x" for name, text in reference.pages({"a.h": _HEADER}).items()}}],
         good={reference.HEADERS + "/a.h": _HEADER, **{f"{reference.PAGES}/{name}": text for name, text in reference.pages({"a.h": _HEADER}).items()}}),
]
