"""Logs in object storage (S3, Google Cloud Storage, Azure), listed and read piece by piece through obstore.

Credentials and end points come from the environment as each provider's own tools read them (AWS_*, GOOGLE_*,
AZURE_*). They are never shown: of an error a user sees only its kind.
"""

from __future__ import annotations

import importlib
import re
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from quetsach.errors import SourceError

if TYPE_CHECKING:
    from concurrent.futures import Future

PIECE_BYTES = 2 << 20
PIECES_AHEAD = 3
"""Pieces requested at once; so many are held for each object in work."""
_ADDRESS = re.compile(r"(s3|gs|az)://([^/@?#]+)(?:/(.*))?", re.DOTALL)
_RETRIES = 3
_RETRY_SECONDS = 30


class StoredObject(NamedTuple):
    """One object: address, size in bytes, when it was written (seconds since 1970), mark of its version."""

    address: str
    size: int
    mtime: float
    mark: str | None = None


def listing(address: str) -> Iterator[StoredObject]:
    """The object of that name, else all objects in that folder and below, by name.

    Raises SourceError.
    """
    store, root, key = _store(address)
    obstore = _obstore()
    prefix = key.strip("/")
    try:
        if key and not key.endswith("/"):
            try:
                yield _stored(root, obstore.head(store, prefix))
                return
            except FileNotFoundError:
                pass
        found = [one for page in obstore.list(store, prefix=prefix or None) for one in page]
    except Exception as error:
        raise _told(error) from None
    for one in sorted(found, key=lambda one: str(one["path"])):
        if one["size"] or not one["path"].endswith("/"):
            yield _stored(root, one)


def _stored(root: str, meta: Any) -> StoredObject:
    return StoredObject(
        f"{root}/{meta['path']}", meta["size"], meta["last_modified"].timestamp(), meta["e_tag"]
    )


def _obstore() -> Any:
    try:
        return importlib.import_module("obstore")
    except ImportError:
        raise SourceError(
            "object storage needs the extra 'cloud'; install it with: pip install 'quetsach[cloud]'"
        ) from None


def _store(address: str) -> tuple[Any, str, str]:
    obstore = _obstore()
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise SourceError("is no address of object storage; write it like s3://bucket/folder")
    root = f"{found[1]}://{found[2]}"
    from datetime import timedelta

    retry = {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)}
    try:
        store = importlib.import_module(f"{obstore.__name__}.store").from_url(root, retry_config=retry)
    except Exception as error:
        raise _told(error) from None
    return store, root, found[3] or ""


def _told(error: Exception) -> SourceError:
    """The error for a user. Never the library's own text: it may hold addresses with signatures in them."""
    if isinstance(error, SourceError):
        return error
    match type(error).__name__:
        case "FileNotFoundError" | "NotFoundError":
            why = "no such object"
        case "PermissionDeniedError" | "UnauthenticatedError":
            why = "access refused"
        case "PreconditionError" | "NotModifiedError":
            return SourceError("changed while it was read; scan it again")
        case _:
            status = re.search(r"\b[45]\d\d [A-Z][A-Za-z ]+", str(error))
            why = status[0].strip() if status else "the storage cannot be reached"
    return SourceError(
        f"object storage: {why}; check the address, the network and the credentials in the environment"
    )


class Remote:
    """An object as a seekable file; the next pieces are fetched while the current piece is used."""

    def __init__(self, stored: StoredObject) -> None:
        """Raises SourceError."""
        self._store, root, _key = _store(stored.address)
        self._get = _obstore().get
        self._path = stored.address.removeprefix(f"{root}/")
        self._mark = stored.mark
        self._size = stored.size
        self._at = 0
        self._asked = 0
        self._held = b""
        self._coming: deque[Future[bytes]] = deque()
        from concurrent.futures import ThreadPoolExecutor  # imported when needed: few logs lie there

        self._pool = ThreadPoolExecutor(PIECES_AHEAD, thread_name_prefix="fetch")

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def read(self, size: int = -1, /) -> bytes:
        """`size` bytes, or the rest where it is shorter. Raises SourceError."""
        left = max(0, self._size - self._at)
        wanted = left if size < 0 else min(size, left)
        found = bytearray()
        while len(found) < wanted:
            if not self._held:
                self._held = self._next_piece()
            part = self._held[: wanted - len(found)]
            self._held = self._held[len(part) :]
            found += part
        self._at += len(found)
        return bytes(found)

    def _next_piece(self) -> bytes:
        while len(self._coming) < PIECES_AHEAD and self._asked < self._size:
            end = min(self._asked + PIECE_BYTES, self._size)
            self._coming.append(self._pool.submit(self._fetch, self._asked, end))
            self._asked = end
        piece = self._coming.popleft().result() if self._coming else b""
        if not piece:
            raise SourceError("changed while it was read; scan it again")
        return piece

    def _fetch(self, start: int, end: int) -> bytes:
        options: dict[str, Any] = {"range": (start, end)}
        if self._mark is not None:
            options["if_match"] = self._mark
        try:
            return bytes(self._get(self._store, self._path, options=options).bytes())
        except Exception as error:
            raise _told(error) from None

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """As `io.IOBase.tell`."""
        return self._at

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As `io.IOBase.seek`."""
        to = max(0, offset + (0, self._at, self._size)[whence])
        ahead = to - self._at
        if 0 <= ahead <= len(self._held):
            self._held = self._held[ahead:]
        else:
            for piece in self._coming:
                piece.cancel()
            self._coming.clear()
            self._held = b""
            self._asked = to
        self._at = to
        return to
