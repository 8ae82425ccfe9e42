"""Vietnamese is complete: every text of the sources has a translation with the same holes."""

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from quetsach.scanning.engines.explain import REASONS
from quetsach.text import language
from quetsach.text.reasons import CONCERNS, REJECTS, WARNINGS

SOURCES = Path(language.__file__).parents[1]
HOLES = re.compile(r"%\(\w+\)[sd]|\{[^}]*\}")


def messages() -> dict[str | tuple[str, ...], str | tuple[str, ...]]:
    with (language.LOCALE_DIR / "vi" / "LC_MESSAGES" / "quetsach.po").open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def test_every_text_is_translated() -> None:
    known = messages()
    folders = (SOURCES / "cli", SOURCES / "results")
    found = {
        message
        for folder in folders
        for _file, _line, message, _comments, _context in extract_from_dir(folder, keywords=DEFAULT_KEYWORDS)
    }
    found |= {text for table in (REASONS, REJECTS, WARNINGS, CONCERNS) for text in table.values()}
    assert len(found) > 100
    assert not {message for message in found if message not in known}
    assert not {message for message, text in known.items() if not text or text == ("",)}


def test_translations_keep_the_holes() -> None:
    for message, text in messages().items():
        source = message[-1] if isinstance(message, tuple) else message
        target = text[0] if isinstance(text, tuple) else text
        if any(word in source for word in ("possibilities", "nargs", "formats")):
            continue
        # click gives the kind of a path in English only, so our sentence names it.
        source = source.replace("{name} {filename!r}", "{filename!r}")
        assert sorted(HOLES.findall(source)) == sorted(HOLES.findall(target)), source


def test_compiled_texts_are_those_that_the_standard_library_reads(catalogue: Path) -> None:
    peer = gettext.translation(language.DOMAIN, catalogue, ["vi"])
    language.use("vi")
    for message in messages():
        if isinstance(message, tuple):
            for number in (1, 7):
                assert language.ngettext(*message, number) == peer.ngettext(*message, number)
        else:
            assert language.gettext(message) == peer.gettext(message)
    for unknown in ("a", "Machine\x00s", "\udc80", "zz", "ỹ"):
        assert language.gettext(unknown) == language.ngettext(unknown, "many", 1) == unknown
        assert language.ngettext(unknown, "many", 7) == "many"


def test_vietnamese_is_composed() -> None:
    import unicodedata

    for text in messages().values():
        target = text[0] if isinstance(text, tuple) else text
        assert unicodedata.is_normalized("NFC", target)


@pytest.mark.parametrize(
    ("argument", "environ", "code"),
    [
        (None, {}, "vi"),
        (None, {"LANG": "C.UTF-8"}, "vi"),
        (None, {"LANG": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "en_US.UTF-8", "LC_ALL": "vi_VN.UTF-8"}, "vi"),
        (None, {"LANG": "vi_VN.UTF-8", "QUETSACH_LANG": "en"}, "en"),
        ("vi", {"QUETSACH_LANG": "en"}, "vi"),
        ("fr", {"QUETSACH_LANG": "en"}, "en"),
    ],
)
def test_the_language_follows_argument_variable_locale(
    argument: str | None, environ: dict[str, str], code: str
) -> None:
    assert language.choose(argument, environ) == code


def test_without_compiled_catalogues_the_texts_are_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "LOCALE_DIR", tmp_path)
    language.use("vi")
    try:
        assert language.gettext("Machines") == "Machines"
    finally:
        language.use("en")
