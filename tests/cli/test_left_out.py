"""What a folder holds beside the logs that were read stands in the document, not on the screen alone."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

from quetsach.sightings.scanfile import read
from quetsach.sightings.sighting import Scan
from tests.command_line import Run


def test_links_and_pipes_that_were_passed_over_stand_in_the_document(
    quetsach: Run, log: Path, feed: Path, tmp_path: Path
) -> None:
    logs, elsewhere = tmp_path / "logs", tmp_path / "elsewhere"
    logs.mkdir()
    elsewhere.mkdir()
    log.rename(logs / "a.log")
    (logs / "copy.log").write_bytes((logs / "a.log").read_bytes())
    (logs / "linked").symlink_to(elsewhere)
    os.mkfifo(logs / "pipe")
    with tarfile.open(logs / "packed.tar", "w") as archive:
        linked = tarfile.TarInfo("inner.log")
        linked.type, linked.linkname = tarfile.SYMTYPE, "/var/log/inner.log"
        archive.addfile(linked)
    result = tmp_path / "result.jsonl"
    quetsach("scan", logs, "-i", feed, "-o", result)
    told = [
        [str(logs / "linked"), "folder"],
        [str(logs / "packed.tar!/inner.log"), "link"],
        [str(logs / "pipe"), "special"],
    ]
    _code, shown, _err = quetsach("scan", logs, "-i", feed, "--json")
    for text in (result.read_text(encoding="utf-8"), shown):
        assert sorted(json.loads(text.splitlines()[0])["left_out"]) == told
    with result.open("rb") as file:
        (head,) = [record for _, record in read(file) if isinstance(record, Scan)]
    assert sorted(map(list, head.left_out)) == told
    quetsach("scan", logs / "a.log", "-i", feed, "-o", result)
    assert "left_out" not in json.loads(result.read_text(encoding="utf-8").splitlines()[0])
