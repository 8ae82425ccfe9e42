"""Compiles Python modules: a ZIP of `.py` on standard input, a ZIP of `.pyc` on standard output.

Run by a Python with the bytecode of the stick's Python (`tools/stick.py` finds one); it needs nothing but the
standard library. The `.pyc` are "unchecked" (PEP 552): they bear no time, and are never compared with a
source. The same modules in the same order give the same bytes.
"""

import ast
import io
import marshal
import sys
from importlib.util import MAGIC_NUMBER, source_hash
from zipfile import ZipFile, ZipInfo

_UNCHECKED = (1).to_bytes(4, "little")


def _short(source: bytes) -> ast.Module:
    """A module without the texts that describe it and its functions: nothing reads them.

    Those of classes stay: a data class without a text would write itself one at each start.
    """
    tree = ast.parse(source)
    for one in ast.walk(tree):
        if not isinstance(one, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(one, clean=False) is not None:
            del one.body[0]
            if not (one.body or isinstance(one, ast.Module)):
                one.body.append(ast.Pass())
    return ast.fix_missing_locations(tree)


def main() -> None:
    """Compile standard input to standard output."""
    made = io.BytesIO()
    with ZipFile(io.BytesIO(sys.stdin.buffer.read())) as given, ZipFile(made, "w") as out:
        for name in given.namelist():
            source = given.read(name)
            code = compile(_short(source), name, "exec", dont_inherit=True, optimize=0)
            out.writestr(
                ZipInfo(f"{name}c"), MAGIC_NUMBER + _UNCHECKED + source_hash(source) + marshal.dumps(code)
            )
    sys.stdout.buffer.write(made.getvalue())


if __name__ == "__main__":
    main()
