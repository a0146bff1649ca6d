"""Who may include whom: plugins → sdk ← kernel, and nothing sideways."""

import posixpath
import re

from tree import NATIVE, WEB, Rule, code_of, line_of, room_of

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
_IMPORT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']""")
_ROOTS = ("kernel/", "plugins/", "sdk/", "examples/", "tests/")


def includes(path, text):
    """(line, target) of each include; quoted relative ones are resolved to a path in the tree."""
    for match in _INCLUDE.finditer(code_of(text)):
        target = match.group(1) or match.group(2)
        if match.group(1) and not target.startswith(_ROOTS):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        yield line_of(text, match.start(1) if match.group(1) else match.start(2)), target


def forbidden(tree, prefix, targets):
    for path, text in tree.under(prefix, ends=NATIVE):
        for line, target in includes(path, text):
            if target.startswith(targets):
                yield f"{path}:{line} includes {target}"


def plugin_arrows(tree):
    for path, text in tree.under("plugins/", ends=NATIVE):
        for line, target in includes(path, text):
            sideways = target.startswith("plugins/") and room_of(target) != room_of(path)
            if sideways or target.startswith(("kernel/", "examples/")):
                yield f"{path}:{line} includes {target}"


def domain_is_pure(tree):
    for path, text in tree.under("plugins/", ends=NATIVE):
        if "/domain/" not in path or "/tests/" in path:
            continue
        for line, target in includes(path, text):
            if re.search(r"/(store|http|use_cases|client|mapping)/", target):
                yield f"{path}:{line} includes {target}"


def abi_alone(tree):
    for path, text in tree.under("sdk/include/portico/abi/", ends=(".h",)):
        for line, target in includes(path, text):
            own = target.startswith(("portico/abi/", "sdk/include/portico/abi/"))
            if not own and target not in ("stddef.h", "stdint.h", "stdbool.h"):
                yield f"{path}:{line} includes {target}"


def page_arrows(tree):
    for path, text in tree.under("plugins/", "sdk/web/", ends=WEB):
        if path.startswith("plugins/") and "/web/" not in path or posixpath.basename(path).endswith(".mjs"):
            continue
        for match in _IMPORT.finditer(text):
            target = match.group(1)
            if target.startswith("."):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if target.startswith("plugins/") and (path.startswith("sdk/") or room_of(target) != room_of(path)):
                yield f"{path}:{line_of(text, match.start())} imports {target}"


RULES = [
    Rule("arrows", "a plugin includes nothing of the kernel and nothing of another plugin", plugin_arrows,
         bad=[{"plugins/billing/plugin.cpp": '#include "kernel/front/framing.hpp"\n'},
              {"plugins/billing/http/a.cpp": '#include "plugins/auth/domain/user.hpp"\n'},
              {"plugins/connectors/whmcs/plugin.cpp": '#include "../../auth/domain/user.hpp"\n'},
              {"plugins/billing/http/a.cpp": "#include <kernel/observe/log.hpp>\n"}],
         good={"plugins/billing/http/a.cpp": '#include <portico/plugin.hpp>\n#include "plugins/billing/domain/a.hpp"\n'
                                             '// #include "kernel/x.hpp"\n#include "../domain/a.hpp"\n'}),
    Rule("arrows", "the SDK includes neither the kernel nor a plugin",
         lambda tree: forbidden(tree, "sdk/", ("kernel/", "plugins/", "examples/")),
         bad=[{"sdk/include/portico/a.hpp": '#include "kernel/a.hpp"\n'}, {"sdk/testkit/a.hpp": '#include "plugins/auth/a.hpp"\n'}],
         good={"sdk/include/portico/a.hpp": "#include <portico/abi/entry.h>\n"}),
    Rule("arrows", "the kernel includes no plugin and no example",
         lambda tree: forbidden(tree, "kernel/", ("plugins/", "examples/")),
         bad=[{"kernel/loader/a.cpp": '#include "plugins/auth/a.hpp"\n'}],
         good={"kernel/loader/a.cpp": '#include "kernel/loader/a.hpp"\n'}),
    Rule("arrows", "the sandbox knows nothing of the portal it is used by",
         lambda tree: forbidden(tree, "examples/sandbox/", ("kernel/", "plugins/")),
         bad=[{"examples/sandbox/main.cpp": '#include "kernel/a.hpp"\n'}],
         good={"examples/sandbox/main.cpp": '#include "examples/sandbox/a.hpp"\n'}),
    Rule("arrows", "domain rules know neither store nor protocol", domain_is_pure,
         bad=[{"plugins/billing/domain/a.cpp": '#include "plugins/billing/store/b.hpp"\n'},
              {"plugins/billing/domain/a.cpp": '#include "../http/b.hpp"\n'}],
         good={"plugins/billing/domain/a.cpp": '#include "plugins/billing/domain/a.hpp"\n'}),
    Rule("arrows", "a header of the C ABI stands on C alone", abi_alone,
         bad=[{"sdk/include/portico/abi/a.h": "#include <string>\n"}, {"sdk/include/portico/abi/a.h": "#include <portico/plugin.hpp>\n"}],
         good={"sdk/include/portico/abi/a.h": '#include <stdint.h>\n#include <portico/abi/base.h>\n#include "base.h"\n'}),
    Rule("arrows", "pages never import another plugin's pages, and the kit imports none", page_arrows,
         bad=[{"plugins/billing/web/a.tsx": 'import { x } from "../../auth/web/b";\n'},
              {"sdk/web/src/a.ts": "const a = await import('../../../plugins/auth/web/b');\n"}],
         good={"plugins/billing/web/pages/a.tsx": 'import { x } from "../parts/b";\nimport { kit } from "@portico/web";\n'}),
]
