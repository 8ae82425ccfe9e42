"""Sentences in comments and docstrings that must be read twice (CONTRIBUTING.md, "Plain English").

    .venv/bin/python tools/plain_words.py [PATH...]

Prints `file:line: sentence` and ends with 1 where there is any. A sentence is named if it holds two words of
`_RELATIVES`, or words that name no thing (`_UNNAMED`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from comments import blocks

PLACES = ("src", "crates", "bench", "demo", "tools", "tests")
_RELATIVES = re.compile(r"\b(what|which|who|whom|whose|whoever|whatever|whichever)\b", re.IGNORECASE)
_UNNAMED = re.compile(
    r"\b(the one\b(?! (hand|place|contract|way|gate))|the ones\b|whoever\b"
    r"|is told\b|what was told\b|told of\b|(a|its|the|their) begin\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.;:?!])\s+")


def findings(paths: Sequence[Path]) -> Iterator[str]:
    """One line of text for each sentence, in the order of files."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix not in {".py", ".rs"} or "migrations" in file.parts:
                continue
            # Docstrings and comments come apart: put back in the order of their lines.
            for line, block in sorted(blocks(file)):
                for sentence in _SENTENCE_END.split(" ".join(" ".join(block).split())):
                    if is_hard(sentence):
                        yield f"{file}:{line}: {sentence}"


def is_hard(sentence: str) -> bool:
    """Whether the sentence nests clauses or leaves its noun unnamed."""
    return len(_RELATIVES.findall(sentence)) > 1 or _UNNAMED.search(sentence) is not None


def main(arguments: Sequence[str]) -> int:
    found = list(findings([Path(text) for text in arguments or PLACES]))
    for finding in found:
        print(finding)
    print(f"{len(found)} sentences", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
