#!/usr/bin/env python3
"""Writes docs/reference/sdk/ from the headers of the C ABI, or with --check says which pages are not current."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADERS = "sdk/include/portico/abi"
PAGES = "docs/reference/sdk"

_TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*|\"(?:\\.|[^\"])*\"|\n|[{};]|[^\n{};/\"#]+|.", re.DOTALL | re.MULTILINE)


def prose(comment):
    """A comment's words as one paragraph for Markdown."""
    words = re.sub(r"^[ \t]*\*?[ \t]?", "", comment[2:-2], flags=re.MULTILINE)
    return " ".join(words.split()).replace("|", "\\|").replace("<", "&lt;")


def squeezed(code):
    return re.sub(r"\s+", " ", code).strip().rstrip(",;").strip()


def statements(text, separator=";"):
    """(comment, code) of each statement at the top level of text; a comment behind it on its line counts too."""
    found, comment, code, depth, ended = [], "", "", 0, False
    for token in _TOKEN.findall(text):
        if token.startswith("/*"):
            if ended:
                found[-1][0] = " ".join(filter(None, [found[-1][0], prose(token)]))
            elif depth or squeezed(code):
                code += token  # belongs to what is inside, or to a value being written
            else:
                comment = prose(token)
            continue
        if token == "\n":
            ended = False
            code += "\n"
            continue
        if token.lstrip().startswith("#"):
            found.append([comment, token.strip()])
            comment, code, ended = "", "", True
            continue
        depth += token.count("{") + token.count("(") - token.count("}") - token.count(")")
        if separator == "," and depth == 0 and "," in token:
            parts = token.split(",")
            for part in parts[:-1]:
                found.append([comment, squeezed(code + part)])
                comment, code, ended = "", "", True
            code = parts[-1]
            continue
        if token == ";" and depth == 0:
            found.append([comment, squeezed_keeping(code)])
            comment, code, ended = "", "", True
            continue
        code += token
    if squeezed(code):
        found.append([comment, squeezed_keeping(code)])
    return [(c, s) for c, s in found if s]


def squeezed_keeping(code):
    """Whole structs keep their lines, for their members are read later."""
    return code.strip() if "{" in code else squeezed(code)


def row(code, words):
    return f"| `{code}` | {words} |"


def body_of(code):
    return code[code.index("{") + 1:code.rindex("}")]


def constants(code):
    rows = []
    for comment, item in statements(body_of(code), ","):
        behind = re.search(r"/\*.*?\*/", item, re.DOTALL)  # the last one has no comma before its comment
        if behind:
            comment, item = comment or prose(behind.group()), item.replace(behind.group(), "")
        if squeezed(item):
            rows.append(row(squeezed(item), comment))
    return rows


def members(code):
    """Tables of data members, and a section for each function."""
    data, calls = [], []
    for comment, item in statements(body_of(code)):
        name = re.search(r"\(\*(\w+)\)", item)
        if name:
            calls += [f"#### {name.group(1)}", "", "```c", squeezed(item) + ";", "```", ""]
            calls += [comment, ""] if comment else []
        elif comment or item != "uint32_t reserved":
            data.append(row(squeezed(item), comment))
    out = ["| Member | Means |", "|---|---|", *data, ""] if data else []
    return out + calls


def page(name, text):
    """The page of one header, and its purpose."""
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.DOTALL)
    first = re.match(r"\s*(/\*.*?\*/)", text, re.DOTALL)
    purpose = prose(first.group(1))
    out = [f"# portico/abi/{name}", "", f"<!-- Written by `./dev docs --write` from {HEADERS}/{name}; change the header. -->", "", purpose, ""]
    carried = ""
    for comment, code in statements(text[first.end():]):
        comment, carried = comment or carried, ""
        if re.match(r"#\s*(ifndef|endif|include|ifdef|if|else)", code) or re.match(r"#\s*define\s+\w+_H$", code):
            continue
        if code.startswith("#"):
            define = re.match(r"#\s*define\s+(\w+)(\([^)]*\))?\s*(.*)", code, re.DOTALL)
            name_of, arguments, value = define.group(1), define.group(2) or "", squeezed(define.group(3).replace("\\\n", " "))
            out += [f"### {name_of}", "", f"`{name_of}{arguments}`" + (f" is `{value}`." if value and len(value) < 60 and not arguments else "."), ""]
            out += [comment, ""] if comment else []
        elif code.startswith("enum"):
            out += [comment, ""] if comment else []
            out += ["| Constant | Means |", "|---|---|", *constants(code), ""]
        elif "struct" in code and "{" in code:
            name_of = re.search(r"struct\s+(\w+)", code).group(1)
            out += [f"### {name_of}", ""]
            out += [comment, ""] if comment else []
            out += members(code)
        elif re.match(r"typedef struct (\w+) \1$", code):
            carried = comment
        else:
            shapes = (re.search(shape, squeezed(code)) for shape in (r"\(\*(\w+)\)", r"(\w+)\s*\(", r"(\w+)$"))
            out += [f"### {next(filter(None, shapes)).group(1)}", "", "```c", squeezed(code) + ";", "```", ""]
            out += [comment, ""] if comment else []
    return "\n".join(out).rstrip("\n") + "\n", purpose


def pages(files):
    """The pages by name, made of the headers by name."""
    out, rows = {}, []
    for name in sorted(files):
        out[name.removesuffix(".h") + ".md"], purpose = page(name, files[name])
        rows.append(f"| [`{name}`]({name.removesuffix('.h')}.md) | {purpose} |")
    out["README.md"] = "\n".join([
        "# The C ABI, header by header", "",
        "<!-- Written by `./dev docs --write`; change config/dev/reference.py. -->", "",
        "What a plugin and the host say to each other. A plugin in C++ uses the layer above it, whose headers tell of themselves:",
        "begin with `portico/plugin.hpp`. The tag before a function says where it may be called: `[control]` while the plugin starts or",
        "stops, `[request]` in a route's handler, `[task]` in background work, `[any]` anywhere.", "",
        "| Header | Holds |", "|---|---|", *rows]) + "\n"
    return out


def read_headers():
    folder = os.path.join(ROOT, HEADERS)
    files = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            files[name] = file.read()
    return files


def main():
    folder = os.path.join(ROOT, PAGES)
    made = pages(read_headers())
    if sys.argv[1:] == ["--write"]:
        os.makedirs(folder, exist_ok=True)
        for name in set(os.listdir(folder)) - set(made):
            os.remove(os.path.join(folder, name))
        for name, text in made.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        return 0
    here = {}
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                here[name] = file.read()
    stale = sorted(name for name in set(made) | set(here) if made.get(name) != here.get(name))
    for name in stale:
        print(f"{PAGES}/{name} is not what the headers say: ./dev docs --write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
