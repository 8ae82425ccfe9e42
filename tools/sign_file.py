"""Sign a release with the key of the publisher: `tools/sign_file.py FILE [--key FILE]`.

Writes FILE.sig and FILE.pem. Without `--key` anybody can sign the same way: such a release is a test build.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from quetsach.endpoint import keys, signed_file


def sign_beside(file: Path, secret: bytes) -> str:
    """Write the signature and the key beside the file; returns the key's fingerprint."""
    key = keys.public("signing", secret)
    file.with_name(f"{file.name}.sig").write_bytes(signed_file.sign(file.read_bytes(), secret))
    file.with_name(f"{file.name}.pem").write_text(signed_file.pem(key), encoding="ascii")
    return keys.fingerprint(key)


def main() -> None:
    """Parse, sign, print the fingerprint."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, metavar="FILE", help="signing key file of the release")
    given = parser.parse_args()
    secret = keys.read(given.key, "signing") if given.key else keys.TEST_SECRET
    print(f"signed by {sign_beside(given.file, secret)}")


if __name__ == "__main__":
    main()
