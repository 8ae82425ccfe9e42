"""`python -m bench foreign`: lines of a hundred products, beside the answers of their own test suites."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.foreign import corpus, truth
from bench.foreign.corpus import LogFile
from bench.foreign.judging import Answer
from bench.foreign.measuring import WRAPPERS, Measured, listed, measure
from bench.foreign.truth import Hit
from bench.measure import machine

_COLUMNS = (
    "lines",
    "hits",
    "recognised",
    "right",
    "lost",
    "wrong",
    "sender",
    "inbound",
    "told",
    "missed",
    "dated",
    "no time",
    "wrong time",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench foreign`."""
    parser.add_argument(
        "--corpus", type=Path, nargs="+", required=True, help="git directories of public collections"
    )
    parser.add_argument("--product", default="", help="only products that hold this text")
    parser.add_argument("--no-wrappers", action="store_true", help="leave out the wrappers of collectors")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))


def foreign(asked: argparse.Namespace) -> int:
    """Measure, print one row a product, and keep every answer in `foreign.jsonl`; 2 if there is no line."""
    begin = time.perf_counter()
    try:
        collections = [corpus.collect(directory) for directory in asked.corpus]
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"a collection cannot be read: {error}", file=sys.stderr)
        return 2
    files = [file for one in collections for file in one.files if asked.product.lower() in file.name.lower()]
    found: list[Measured] = []
    for file, hits in chosen(files):
        found += measure(file, hits, not asked.no_wrappers)
    if not found:
        print("no line of these collections tells of a call", file=sys.stderr)
        return 2
    figures = counted(found)
    parts = {
        "of clients inside": Counter(
            mark for one in found if one.hit.truth.inside for mark in _marks(one.in_file)
        ),
        "of each line alone": Counter(mark for one in found for mark in _marks(one.alone)),
    }
    print(_table(figures, parts))
    wrapped = _wrapped(found)
    print("\n".join(f"{name:26} {told}" for name, told in wrapped.items()))
    asked.folder.mkdir(parents=True, exist_ok=True)
    with (asked.folder / "foreign.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(_record(one), ensure_ascii=False) + "\n" for one in found)
    told = {
        "machine": machine(),
        "seconds": round(time.perf_counter() - begin, 1),
        "collections": {one.name: one.commit for one in collections},
        "products": figures,
        "parts": parts,
        "wrappers": wrapped,
    }
    (asked.folder / "foreign.json").write_text(
        json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    print(f"{told['seconds']} s; every answer in {asked.folder / 'foreign.jsonl'}")
    return 0


def chosen(files: Iterable[LogFile]) -> Iterator[tuple[LogFile, list[tuple[int, Hit]]]]:
    """The hits of each file; a line that stood in an earlier file is not counted again, nor one
    of an earlier collection with other figures in it."""
    corrections = truth.overrides()
    seen: dict[str, str] = {}
    for file in files:
        hits = []
        for position, line in zip(file.positions, file.lines, strict=True):
            if seen.setdefault(line.text, line.path) != line.path:
                continue
            if seen.setdefault(_bare(line.text), line.collection) != line.collection:
                continue
            hits += [(position, hit) for hit in truth.hits_of(line, corrections) if listed(hit.indicator)]
        if hits:
            yield file, hits


def _bare(text: str) -> str:
    """The line without its figures: collections hand on lines of one another with other addresses in them."""
    return re.sub(r"[0-9a-fA-F]*[0-9][0-9a-fA-F.:]*", "0", text)


def counted(found: Sequence[Measured]) -> dict[str, dict[str, int]]:
    """The counts of all and of each product, of answers within the file of a product."""
    figures: dict[str, Counter[str]] = {"all": Counter()}
    lines: dict[str, set[tuple[str, int]]] = {"all": set()}
    for one in found:
        line = one.hit.line
        for name in ("all", line.product):
            figures.setdefault(name, Counter()).update(_marks(one.in_file))
            lines.setdefault(name, set()).add((line.path, line.number))
    return {
        name: {**dict.fromkeys(_COLUMNS, 0), "lines": len(lines[name]), **counts}
        for name, counts in figures.items()
    }


def _marks(answer: Answer) -> Iterator[str]:
    yield "hits"
    yield answer.machine
    if answer.recognised:
        yield "recognised"
        if answer.machine != "right":
            yield "recognised, not right"
    if answer.why == "sender":
        yield "sender"
    if answer.time:
        yield {"right": "dated", "none": "no time", "wrong": "wrong time"}[answer.time]


def _table(figures: dict[str, dict[str, int]], parts: dict[str, Counter[str]]) -> str:
    """The counts of all hits; in percent, also with each product weighing the same, and of other parts.
    Then one row a product."""
    rows = sorted(figures.items(), key=lambda item: (item[0] != "all", -item[1]["hits"]))
    width = max(27, *(len(name) for name in figures))
    head = " ".join([f"{'product':{width}}", *(f"{name:>10}" for name in _COLUMNS)])
    body = [" ".join([f"{name:{width}}", *(f"{told[key]:10}" for key in _COLUMNS)]) for name, told in rows]
    products = [told for name, told in figures.items() if name != "all"]
    mean = {key: sum(told[key] / told["hits"] for told in products) / len(products) for key in _COLUMNS[2:]}
    whole = figures["all"]
    shares = [
        ("percent of hits", [whole[key] / whole["hits"] for key in _COLUMNS[2:]]),
        ("percent, a mean of products", [mean[key] for key in _COLUMNS[2:]]),
    ]
    shares += [
        (f"percent, {name}", [told[key] / max(told["hits"], 1) for key in _COLUMNS[2:]])
        for name, told in parts.items()
    ]
    percents = [
        " ".join([f"{name:{width}}", f"{'':>10} {'':>10}", *(f"{100 * share:10.1f}" for share in row)])
        for name, row in shares
    ]
    return "\n".join([head, body[0], *percents, *body[1:]])


def _wrapped(found: Sequence[Measured]) -> dict[str, str]:
    """Of the hits whose line alone has the right machine: how many still have it inside each wrapper."""
    base = [one for one in found if one.alone.machine == "right" and one.wrapped]
    if not base:
        return {}
    result = {}
    for name in WRAPPERS:
        states = Counter(one.wrapped[name].machine for one in base)
        formats = sum(one.wrapped[name].logformat == one.alone.logformat for one in base)
        result[name] = (
            f"of {len(base)}: "
            + ", ".join(f"{state} {states[state]}" for state in states)
            + f"; same format {formats}"
        )
    return result


def _record(one: Measured) -> dict[str, object]:
    hit = one.hit
    return {
        "collection": hit.line.collection,
        "product": hit.line.product,
        "path": hit.line.path,
        "number": hit.line.number,
        "kind": hit.kind,
        "indicator": hit.indicator,
        "machines": sorted(hit.truth.machines),
        "by": hit.truth.by,
        "inside": hit.truth.inside,
        "readers": one.readers,
        "moments": [moment.isoformat() for moment in hit.truth.moments],
        "in_file": asdict(one.in_file),
        "alone": asdict(one.alone),
        "wrapped": {
            name: {"machine": answer.machine, "device": answer.device, "logformat": answer.logformat}
            for name, answer in one.wrapped.items()
        },
        "line": hit.line.text,
    }
