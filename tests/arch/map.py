"""What must stand where: READMEs, the folder map, manifests, migrations, sources in their CMakeLists."""

import json
import posixpath
import re

from tree import Rule

_SHELVES = ("kernel", "plugins", "plugins/connectors", "sdk", "examples", "tests")
_NO_PLUGINS = ("plugins/connectors", "plugins/connectors/testing")  # the shelf of connectors, and what their tests share
_MANIFEST_KEYS = {"id": str, "version": str, "license": str, "description": str, "abi": dict, "extensions": dict}


def rooms(tree):
    for shelf in _SHELVES:
        for name in tree.children(shelf):
            room = f"{shelf}/{name}"
            if room != "plugins/connectors" and not (shelf == "plugins" and name == "connectors"):
                yield room


def readmes(tree):
    for room in rooms(tree):
        if f"{room}/README.md" not in tree.files:
            yield f"{room}/ has no README.md"


def map_entries(text):
    """Folders named by the map: the first fenced block after `<!-- map -->`; two spaces of indent are one level."""
    block = re.search(r"<!-- map -->\s*```\w*\n(.*?)```", text, re.DOTALL)
    if not block:
        return None
    entries, parents = [], []
    for line in block.group(1).split("\n"):
        names = re.match(r"( *)((?:[\w.\-/]+/ ?)+)(?= |$)", line)
        if not names:
            continue
        depth = len(names.group(1)) // 2
        folders = names.group(2).split()
        parents[depth:] = []
        prefix = "/".join(parents)
        entries += [(prefix + "/" if prefix else "") + name.rstrip("/") for name in folders]
        parents.append(folders[-1].rstrip("/"))
    return entries


def folder_map(tree):
    entries = map_entries(tree.files.get("README.md", ""))
    if entries is None:
        yield "README.md has no map (a fenced block after <!-- map -->)"
        return
    named = set(entries)
    for entry in entries:
        if entry not in tree.folders:
            yield f"README.md names {entry}/, which does not exist"
    for name in tree.children(""):
        if name not in named and not name.startswith("."):
            yield f"{name}/ is missing in the map of README.md"
    for shelf in _SHELVES:
        if not any(entry.startswith(shelf + "/") for entry in entries):
            continue
        for name in tree.children(shelf):
            if f"{shelf}/{name}" not in named:
                yield f"{shelf}/{name}/ is missing in the map of README.md"


def no_repeats(pairs):
    names = [name for name, _ in pairs]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"repeated member {', '.join(repeated)}")
    return dict(pairs)


def plugin_folders(tree):
    for shelf in ("plugins", "plugins/connectors"):
        for name in tree.children(shelf):
            if f"{shelf}/{name}" not in _NO_PLUGINS:
                yield f"{shelf}/{name}"


def manifests(tree):
    for folder in plugin_folders(tree):
        path = f"{folder}/manifest.json"
        if path not in tree.files:
            yield f"{folder}/ has no manifest.json"
            continue
        try:
            manifest = json.loads(tree.files[path], object_pairs_hook=no_repeats)
        except ValueError as problem:
            yield f"{path}: {problem}"
            continue
        for key, kind in _MANIFEST_KEYS.items():
            if not isinstance(manifest.get(key), kind) or manifest[key] in ("", {}):
                yield f"{path}: '{key}' is missing or of the wrong type"
        if manifest.get("id") != posixpath.basename(folder):
            yield f"{path}: id '{manifest.get('id')}' is not the folder's name"
        if not re.fullmatch(r"\d+\.\d+\.\d+", str(manifest.get("version"))):
            yield f"{path}: version '{manifest.get('version')}' is not of the form 1.2.3"
        for kind, names in manifest.get("operations", {}).items():
            for name in names:
                if not re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_.]+/\d+", name):
                    yield f"{path}: operations.{kind}: '{name}' is not of the form area.verb_noun/1"
        if manifest.get("config") and f"config/plugins/{manifest.get('id')}.properties" not in tree.files:
            yield f"{path}: it has settings, but there is no config/plugins/{manifest.get('id')}.properties"
    owners = {posixpath.basename(folder) for folder in plugin_folders(tree)}
    for path, _ in tree.under("config/plugins/", ends=(".properties",)):
        if posixpath.basename(path)[:-len(".properties")] not in owners:
            yield f"{path} belongs to no plugin"


def migrations(tree):
    owners = {posixpath.basename(folder) for folder in plugin_folders(tree)} | {"kernel"}
    for owner in tree.children("migrations"):
        if owner not in owners:
            yield f"migrations/{owner}/ belongs to no plugin"
        names = sorted(path.split("/", 2)[2] for path, _ in tree.under(f"migrations/{owner}/") if path.endswith(".sql"))
        for number, name in enumerate(names, 1):
            if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name):
                yield f"migrations/{owner}/{name} is not named 0001_what_it_does.sql"
            elif int(name[:4]) != number:
                yield f"migrations/{owner}/{name}: number {number:04d} comes next"


def built(tree):
    lists = {posixpath.dirname(path): text for path, text in tree.under(ends=("CMakeLists.txt",))}
    for path, text in tree.under("sdk/cmake/", "sdk/testkit/", ends=(".cmake",)):
        for folder in ("sdk", posixpath.dirname(path)):
            lists[folder] = lists.get(folder, "") + text
    for folder, text in lists.items():
        if "portico_add_plugin(" in text:
            lists[folder] += " plugin.cpp"  # what portico_add_plugin takes unless told otherwise
    for path, _ in tree.under("kernel/", "sdk/", "plugins/", "examples/", "tests/", ends=(".cpp", ".c")):
        folder = posixpath.dirname(path)
        while True:
            name = posixpath.relpath(path, folder or ".")
            if folder in lists and re.search(rf"(?<![\w/.]){re.escape(name)}(?![\w])|/{re.escape(name)}(?![\w])", lists[folder]):
                break
            if not folder:
                yield f"{path} stands in no CMakeLists.txt above it: it is never built"
                break
            folder = posixpath.dirname(folder)


def cmake_shape(tree):
    for path, text in tree.under(ends=("CMakeLists.txt", ".cmake")):
        if re.search(r"file\s*\(\s*GLOB[^)]*\*\.(?:c|cpp|hpp|h)\b", text):
            yield f"{path} globs: sources are listed"
        if path.startswith("plugins/") and text.count("\n") > 30:
            yield f"{path} has more than 30 lines"


def sizes(tree):
    for path, size in tree.sizes.items():
        if size > 1500 * 1024:
            yield f"{path} has {size // 1024} KiB"


_MANIFEST = '{"id": "a", "version": "0.1.0", "license": "MIT", "description": "d", "abi": {"major": 1}, "extensions": {"required": ["x"]}}'
RULES = [
    Rule("map", "every room has a README", readmes,
         bad=[{"kernel/front/a.cpp": ""}, {"plugins/connectors/whmcs/a.cpp": ""}],
         good={"kernel/front/README.md": "", "kernel/front/tests/a.cpp": "", "plugins/connectors/whmcs/README.md": ""}),
    Rule("map", "the map in README.md is the tree", folder_map,
         bad=[{"README.md": "no map"}, {"README.md": "<!-- map -->\n```\nkernel/   host\n```\n"},
              {"README.md": "<!-- map -->\n```\nkernel/   host\n```\n", "kernel/a": "", "sdk/a": ""},
              {"README.md": "<!-- map -->\n```\nkernel/   host\n  front/   x\n```\n", "kernel/front/a": "", "kernel/policy/a": ""}],
         good={"README.md": "<!-- map -->\n```\nkernel/   host\n  front/ policy/   x\ndocs/   text\n```\n", "kernel/front/a": "", "kernel/policy/a": "", "docs/a/b": "", ".ci/run": ""}),
    Rule("map", "manifests are whole and named like their folder", manifests,
         bad=[{"plugins/a/plugin.cpp": ""}, {"plugins/a/manifest.json": "{"}, {"plugins/b/manifest.json": _MANIFEST},
              {"plugins/a/manifest.json": _MANIFEST.replace('"license": "MIT"', '"id": "a"')}, {"plugins/a/manifest.json": _MANIFEST.replace("0.1.0", "1")},
              {"plugins/a/manifest.json": _MANIFEST[:-1] + ', "config": {"k": {}}}'}, {"config/plugins/gone.properties": ""},
              {"plugins/a/manifest.json": _MANIFEST[:-1] + ', "operations": {"provides": ["nope"]}}'}],
         good={"plugins/a/manifest.json": _MANIFEST[:-1] + ', "config": {"k": {}}, "operations": {"provides": ["a.find_it/1"]}}', "config/plugins/a.properties": "",
               "plugins/connectors/c/manifest.json": _MANIFEST.replace('"a"', '"c"')}),
    Rule("map", "migrations are numbered without gaps and belong to somebody", migrations,
         bad=[{"migrations/kernel/0002_a.sql": ""}, {"migrations/kernel/0001_a.sql": "", "migrations/kernel/0001_b.sql": ""},
              {"migrations/gone/0001_a.sql": ""}, {"migrations/kernel/1_a.sql": ""}],
         good={"migrations/kernel/0001_a.sql": "", "migrations/kernel/0002_b.sql": "", "migrations/a/0001_a.sql": "", "plugins/a/manifest.json": _MANIFEST}),
    Rule("map", "every source is built", built,
         bad=[{"kernel/front/a.cpp": "", "kernel/front/CMakeLists.txt": "portico_library(x SOURCES b.cpp)"},
              {"kernel/front/a.cpp": "", "kernel/front/CMakeLists.txt": "portico_library(x SOURCES data.cpp)"}],
         good={"kernel/front/a.cpp": "", "kernel/front/tests/b.cpp": "", "kernel/front/CMakeLists.txt": "SOURCES a.cpp tests/b.cpp",
               "sdk/cmake/c.cpp": "", "sdk/src/d.cpp": "", "sdk/cmake/portico.cmake": "${CMAKE_CURRENT_LIST_DIR}/c.cpp ${CMAKE_CURRENT_LIST_DIR}/../src/d.cpp",
               "plugins/a/plugin.cpp": "", "plugins/a/CMakeLists.txt": "portico_add_plugin(a SOURCES x.cpp)"}),
    Rule("map", "CMake files list their sources, and a plugin's is short", cmake_shape,
         bad=[{"kernel/CMakeLists.txt": "file(GLOB x *.cpp)"}, {"plugins/a/CMakeLists.txt": "x\n" * 31}],
         good={"kernel/CMakeLists.txt": "x\n" * 31, "plugins/a/CMakeLists.txt": "x\n" * 20}),
    Rule("map", "no file is larger than 1.5 MiB", sizes,
         bad=[{"docs/a.txt": "x" * 1600 * 1024}], good={"docs/a.txt": "x"}),
]
