"""The tree that the rules read: paths and texts, from the checkout or made up in memory by a rule's own test."""

import functools
import os
import re
import subprocess

NATIVE = (".c", ".h", ".cpp", ".hpp")
WEB = (".ts", ".tsx", ".mjs", ".js")

_CODE = re.compile(
    r'R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    r"|(?P<comment>//[^\n]*|/\*.*?\*/)",
    re.DOTALL,
)


class Tree:
    """Maps a path (relative, with forward slashes) to its text; binary files have an empty text."""

    def __init__(self, files, sizes=None):
        self.files = dict(files)
        self.sizes = sizes or {path: len(text.encode()) for path, text in self.files.items()}
        self.folders = {"/".join(path.split("/")[:i]) for path in self.files for i in range(1, path.count("/") + 1)}

    @staticmethod
    def read(root):
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if listed.returncode == 0:
            paths = [path for path in listed.stdout.decode().split("\0") if path]
        else:
            paths = []
            for folder, folders, names in os.walk(root):
                folders[:] = [name for name in folders if name not in (".git", "build", "node_modules")]
                paths += [os.path.relpath(os.path.join(folder, name), root) for name in names]
        files, sizes = {}, {}
        for path in sorted(set(paths)):
            try:
                with open(os.path.join(root, path), "rb") as file:
                    content = file.read()
            except (FileNotFoundError, IsADirectoryError):
                continue  # deleted, and git has not been told yet
            sizes[path] = len(content)
            files[path] = "" if b"\0" in content[:4000] else content.decode("utf-8", "replace")
        return Tree(files, sizes)

    def under(self, *prefixes, ends=None):
        """(path, text) of the files below the folders, optionally only those with one of the endings."""
        for path, text in self.files.items():
            if (not prefixes or path.startswith(prefixes)) and (ends is None or path.endswith(ends)):
                yield path, text

    def children(self, folder):
        """Names of the folders directly below a folder ('' is the root)."""
        prefix = folder + "/" if folder else ""
        found = {path[len(prefix):].split("/")[0] for path in self.folders if path.startswith(prefix) and path != folder}
        return sorted(found)


@functools.lru_cache(maxsize=None)
def code_of(text):
    """The text without comments, lines kept: rules about calls must not trip over words."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group()) if match.group("comment") else match.group()
    return _CODE.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def room_of(path):
    """The plugin's folder a path lies in: plugins/billing, plugins/connectors/whmcs."""
    parts = path.split("/")
    return "/".join(parts[:3] if parts[1] == "connectors" else parts[:2])


class Rule:
    """A rule of the tree: `check(tree)` yields what breaks it.

    bad   trees (path → text) of which each must break the rule: the rule's own test
    good  a tree that must not
    """

    def __init__(self, group, name, check, bad, good):
        self.group, self.name, self.check, self.bad, self.good = group, name, check, bad, good

    def self_test(self):
        wrong = [f"did not notice: {files}" for files in self.bad if not list(self.check(Tree(files)))]
        false = list(self.check(Tree(self.good)))
        return wrong + [f"false alarm: {what}" for what in false]
