"""xz files that need much memory while they are unpacked are not unpacked side by side."""

from __future__ import annotations

import lzma
import shutil
import subprocess
import threading

import pytest

from quetsach.files.openers.windows import HEAD_BYTES, Room, window_of

MIB = 1 << 20


@pytest.mark.parametrize("size", [4096, 6144, 1 << 20, 3 << 20, 8 << 20, 64 << 20, 96 << 20, 1536 << 20])
@pytest.mark.parametrize("before", [[], [{"id": lzma.FILTER_DELTA, "dist": 4}], [{"id": lzma.FILTER_X86}]])
def test_the_window_is_what_liblzma_was_told(size: int, before: list[dict[str, int]]) -> None:
    filters = [*before, {"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": size}]
    # Only the header is needed: compressing with such a window takes ten times its size.
    packed = lzma.LZMACompressor(filters=filters).compress(b"") if size <= 8 << 20 else header(filters)
    packed = packed if len(packed) > 24 else lzma.compress(b"x" * 99, filters=filters)
    assert window_of(packed[:HEAD_BYTES]) == size


def header(filters: list[dict[str, int]]) -> bytes:
    """The headers of xz: of the stream, and of the block with the properties that liblzma encodes."""
    said = b""
    for one in filters:
        spelled = lzma._encode_filter_properties(one)  # type: ignore[attr-defined]
        said += bytes((one["id"], len(spelled))) + spelled
    size = -(-(len(said) + 6) // 4)
    return b"\xfd7zXZ\0\0\4" + bytes(4) + bytes((size - 1, len(filters) - 1)) + said + bytes(9)


@pytest.mark.skipif(shutil.which("xz") is None, reason="xz is not installed")
@pytest.mark.parametrize(("option", "size"), [("-0", 256 << 10), ("-6", 8 << 20), ("-9", 64 << 20)])
def test_the_window_of_what_xz_writes_with_sizes_in_its_blocks(option: str, size: int) -> None:
    packed = subprocess.run(
        ["xz", option, "-T2", "-c"], input=b"a line\n" * 99, capture_output=True, check=True
    ).stdout
    assert window_of(packed[:HEAD_BYTES]) == size


@pytest.mark.parametrize("start", [b"", b"\xfd7zXZ\0", b"\xfd7zXZ\0" + b"\xff" * 58])
def test_a_damaged_header_is_taken_for_the_usual(start: bytes) -> None:
    assert window_of(start) == 8 * MIB


@pytest.mark.parametrize(("wanted", "together"), [(64 * MIB, 1), (8 * MIB, 2), (4 * MIB, 4)])
def test_no_more_are_in_than_there_is_room_for(wanted: int, together: int) -> None:
    room, inside, most = Room(), 0, 0
    lock, full = threading.Lock(), threading.Event()

    def hold() -> None:
        nonlocal inside, most
        with room.take(wanted, lambda: None):
            with lock:
                inside += 1
                most = max(most, inside)
            if inside >= together:
                full.set()
            assert full.wait(30)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=hold) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == together


def test_who_waits_can_be_called_off() -> None:
    room = Room()

    def stop() -> None:
        raise InterruptedError

    with room.take(MIB, stop), pytest.raises(InterruptedError), room.take(64 * MIB, stop):
        raise AssertionError("there was no room")
    with room.take(64 * MIB, stop):
        pass
