"""Each source by upload with a preview: the portal stores what the command line reads."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from quetsach.machines.sources import reading
from quetsach.machines.sources.outcome import Asked
from quetsach.portal.machines.models import EvidenceFile, StoredBinding, StoredClaim
from tests.machines import exports
from tests.machines.asking import at
from tests.machines.test_reading import FILES
from tests.portal.page_text import text_of

TAKEN = "24/11/2026 08:00"
HOURS = 12


def draft(cast, files):
    """Upload files of one source; the address of the preview, and its text."""
    client = cast.client("A1", "it")
    sent = [SimpleUploadedFile(name, data) for name, data in files.items()]
    told = {"file": sent, "source": "office", "at": TAKEN, "hours": HOURS}
    answer = client.post(reverse("evidence", args=[cast.units["A1"].pk]), told)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"], text_of(client.get(answer["Location"]))


def take(cast, place):
    return text_of(cast.client("A1", "it").post(place, {"do": "take"}, follow=True))


def read_on_the_command_line(folder, files):
    """The same files as `quetsach machines read` takes them from the disk."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    now = at(f"{datetime.strptime(TAKEN, '%d/%m/%Y %H:%M'):%Y-%m-%dT%H:%M:%S}")
    asked = Asked("office", now, ZoneInfo("Asia/Ho_Chi_Minh"), "", HOURS * 3_600_000_000)
    return reading.read([folder / name for name in files], lambda _path: asked)


def stored():
    claims = StoredClaim.rows.values_list("keys", "begin", "end", "source", "about")
    bindings = StoredBinding.rows.values_list(
        "address", "key_kind", "key_value", "begin", "end", "kind", "protocol", "port"
    )
    return (
        {(tuple(map(tuple, keys)), *span, tuple(sorted(about.items()))) for keys, *span, about in claims},
        set(bindings),
    )


def spelled(claims, bindings):
    return (
        {
            (
                tuple(map(tuple, one.keys)),
                one.begin,
                one.end,
                one.source,
                tuple(sorted(dict(one.about).items())),
            )
            for one in claims
        },
        {(one.address, *one.key, one.begin, one.end, one.kind, one.protocol, one.port) for one in bindings},
    )


def test_what_an_upload_stores_is_what_the_command_line_reads(cast, tmp_path):
    files = {name: content.encode() for name, (content, _kind) in FILES.items()}
    found = read_on_the_command_line(tmp_path, files)
    place, preview = draft(cast, files)
    assert all(name in preview for name in files)
    row = EvidenceFile.rows.get(accepted_at=None)
    assert row.kinds.keys() == {kind for _content, kind in FILES.values()}
    assert not StoredClaim.rows.exists() and not StoredBinding.rows.exists()
    take(cast, place)
    assert stored() == spelled(found.claims, found.bindings)


def test_each_export_in_a_wrong_encoding_tells_nothing_new(cast):
    """Five consoles, each with its own headings: as they wrote them, as an old Windows writes them, and read
    once too often as Latin letters."""
    right = {f"{maker}.csv": exports.text(exports.SEEN[maker], ";") for maker in exports.SEEN}
    for spell in (str.encode, exports.cp1258, exports.misread):
        place, preview = draft(cast, {name: spell(text) for name, text in right.items()})
        assert all(name in preview for name in right)
        told = take(cast, place)
        if spell is str.encode:
            before = stored()
            assert len(before[0]) >= 2 * len(right) and len(before[1]) >= 2
        else:
            assert "Mọi điều trong đó đều đã biết" in told
            assert stored() == before
