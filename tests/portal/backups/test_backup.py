"""A portal backed up and put back elsewhere, through the command line, on the database at hand."""

import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from quetsach.portal.backups.scratch import BACKUP, scratch, sweep, sweep_uploads

ROOT = Path(__file__).resolve().parents[3]
SERVER = os.environ.get("QUETSACH_DATABASE", "")
TELL = """
import django, json; django.setup()
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.actions import first_broken_entry
print(json.dumps([sorted(User.objects.values_list("username", flat=True)), first_broken_entry() is None,
    list(Entry.objects.values_list("action", flat=True))]))
"""
FILL = """
import django; django.setup()
from django.db import transaction
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.indicators.store import keep
with transaction.atomic():
    user = User.objects.create_user({name!r}, password="bon tu de nho")
    record(user, "unit.create", data={{"name": "Đơn vị ế"}})
print(keep([{name!r}.encode()])[0])
"""


NO_ACCOUNTS = """
import django; django.setup()
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
Entry.objects.update(actor=None)
User.objects.all().delete()
"""


class Portal:
    """One installation with its own folder and database."""

    def __init__(
        self, folder: Path, like: "Portal | None" = None, migrated: Path | str | None = None
    ) -> None:
        """An empty one; or one with what another has, or with the tables of `migrated`."""
        self.folder = folder
        if like:
            shutil.copytree(like.folder, folder)
            self.stored, self.said = folder / like.stored.relative_to(like.folder), like.said
            self.backup = folder.with_suffix(".zip")
            shutil.copy(like.backup, self.backup)
        else:
            folder.mkdir()
            if isinstance(migrated, Path):
                shutil.copy(migrated, folder / "quetsach.sqlite3")
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("QUETSACH_")},
            "QUETSACH_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "quetsach.portal.settings",
            "QUETSACH_LANG": "en", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        }  # fmt: skip
        if SERVER:
            import psycopg

            name = f"portal_{secrets.token_hex(6)}"
            copied = like.database if like else migrated
            with psycopg.connect(SERVER, autocommit=True) as there:
                template = f' TEMPLATE "{copied}"' if copied else ""
                there.execute(f'CREATE DATABASE "{name}"{template}')
            self.database = name
            self.env["QUETSACH_DATABASE"] = re.sub(r"/[^/]*$", f"/{name}", SERVER)

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "-c", code])

    def manage(self, *words: object) -> subprocess.CompletedProcess[str]:
        call = "import sys; from quetsach.cli import main; main()"
        return self._run([sys.executable, "-c", call, "manage", *map(str, words)])

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, timeout=120)

    def tell(self) -> tuple[list[str], bool, list[str]]:
        done = self.python(TELL)
        assert done.returncode == 0, done.stderr
        return tuple(json.loads(done.stdout))

    def fill(self, name: str) -> Path:
        done = self.python(FILL.format(name=name))
        assert done.returncode == 0, done.stderr
        sha = done.stdout.strip()
        return self.folder / "files" / "sets" / sha[:2] / sha


@pytest.fixture(scope="module")
def made(tmp_path_factory, migrated):
    """A portal with one person and one file, and its backup."""
    portal = Portal(tmp_path_factory.mktemp("backup") / "made", migrated=migrated)
    portal.stored = portal.fill("an")
    portal.backup = portal.folder.with_suffix(".zip")
    done = portal.manage("backup", portal.backup)
    assert done.returncode == 0, done.stderr
    portal.said = done.stdout
    return portal


@pytest.fixture
def portal(made, tmp_path):
    """A copy of that portal, for a test to damage."""
    return Portal(tmp_path / "one", like=made)


def test_what_was_backed_up_comes_back_elsewhere(made, portal, tmp_path):
    assert stat.S_IMODE(made.backup.stat().st_mode) == 0o600
    again = portal.manage("backup", portal.backup)
    assert again.returncode and "--overwrite" in again.stderr
    other = Portal(tmp_path / "two")
    done = other.manage("restore", portal.backup)
    assert done.returncode == 0, done.stderr
    people, unbroken, acts = other.tell()
    assert people == ["an"] and unbroken
    assert acts == ["unit.create", "backup.make", "backup.restore"]
    stored = other.folder / portal.stored.relative_to(portal.folder)
    assert stored.read_bytes() == b"an"
    key = (other.folder / "secret-key").read_text()
    assert key == (portal.folder / "secret-key").read_text()
    assert not list(other.folder.glob("restore-*"))
    # Another portal has another key, and can compare only the first one's fingerprint.
    fingerprint = re.search(r"signed by this portal \(([0-9A-F-]{29})\)", made.said)[1]
    assert f"another key than this portal's: {fingerprint}" in done.stdout
    assert re.search(r"held at \d\d:\d\d \d\d/\d\d/\d{4}\.", done.stdout)
    assert str(other.folder / "vault-key") in done.stdout and "manage collectstatic" in done.stdout
    named = other.manage("restore", portal.backup, "--overwrite", "--signer", fingerprint)
    assert f"the key that you named ({fingerprint})" in named.stdout and "Compare" not in named.stdout
    wrong = other.manage("restore", portal.backup, "--overwrite", "--signer", fingerprint[::-1])
    assert wrong.returncode and f"another key than the key you named: {fingerprint}" in wrong.stderr
    assert "backup-key" not in zipfile.ZipFile(portal.backup).namelist()
    assert stat.S_IMODE((portal.folder / "backup-key").stat().st_mode) == 0o600
    back = portal.manage("restore", portal.backup, "--overwrite", "--signer", fingerprint.lower())
    assert back.returncode == 0 and f"signed by this portal ({fingerprint})" in back.stdout


def test_a_portal_in_use_is_replaced_only_when_asked(portal):
    portal.fill("binh")
    refused = portal.manage("restore", portal.backup)
    assert refused.returncode and "--overwrite" in refused.stderr
    assert portal.tell()[0] == ["an", "binh"]
    assert portal.python(NO_ACCOUNTS).returncode == 0
    refused = portal.manage("restore", portal.backup)
    assert refused.returncode and "--overwrite" in refused.stderr
    assert portal.manage("restore", portal.backup, "--overwrite").returncode == 0
    assert portal.tell()[0] == ["an"]
    assert portal.manage("migrate", "--check").returncode == 0


def _rewrite(source: Path, target: Path, change, *, comment: bool = False) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        new.comment = old.comment if comment else b""
        for name in old.namelist():
            for kept, content in change(name, old.read(name)):
                new.writestr(kept, content)


def _manifest(**fields):
    def change(name, content):
        return [(name, json.dumps({**json.loads(content), **fields}) if name == "manifest.json" else content)]

    return change


def test_a_backup_from_before_migrations_were_joined_comes_back(portal, tmp_path):
    old = tmp_path / "old.zip"
    with zipfile.ZipFile(portal.backup) as archive:
        kept = json.loads(archive.read("manifest.json"))["migrations"]
    _rewrite(portal.backup, old, _manifest(migrations=[*kept, "units.0002_path_order"]))
    other = Portal(tmp_path / "two")
    only = other.manage("restore", old, "--signer", "0000-0000-0000-0000-0000-0000")
    assert only.returncode and "not signed" in only.stderr and "Nothing was changed" in only.stderr
    done = other.manage("restore", old)
    assert done.returncode == 0, done.stderr
    assert "It is not signed" in done.stdout
    assert other.tell()[0] == ["an"]


def _climb(name, content):
    if name != "manifest.json":
        return [(name, content)]
    fields = json.loads(content)
    fields["members"]["files/../../x"] = {"size": 1, "sha256": "0" * 64}
    return [("files/../../x", b"x"), (name, json.dumps(fields))]


BAD = {
    "a changed byte": (lambda n, c: [(n, c[:-1] + b"?" if n.startswith("files/") else c)], "damaged"),
    "a missing file": (lambda n, c: [] if n.startswith("files/") else [(n, c)], "not on its list"),
    "a file too many": (
        lambda n, c: [(n, c), *([("files/x", b"x")] if n == "database" else [])],
        "not on its",
    ),
    "no manifest": (lambda n, c: [] if n == "manifest.json" else [(n, c)], "no backup"),
    "a later form": (_manifest(format=2), "Install that version"),
    "a later version": (_manifest(migrations=["units.9999_future"]), "units.9999_future"),
    "another database": (_manifest(vendor="oracle"), "oracle"),
    "a path that climbs out": (_climb, "does not belong"),
}


def test_a_backup_that_is_not_whole_changes_nothing(portal, tmp_path):
    before = portal.tell()
    calls = []
    for what, (change, _) in BAD.items():
        bad = tmp_path / f"{what}.zip"
        _rewrite(portal.backup, bad, change)
        calls.append(str(bad))
    for what, change in (("a word", lambda n, c: [(n, c.replace(b"files/", b"files/./"))]),
                         ("a time", _manifest(made_at="2020-01-01T00:00:00+00:00"))):  # fmt: skip
        _rewrite(portal.backup, bad := tmp_path / f"signed, then {what}.zip", change, comment=True)
        calls.append(str(bad))
    cut = {size: tmp_path / f"cut {size}.zip" for size in (40, 400)}
    for size, path in cut.items():
        path.write_bytes(portal.backup.read_bytes()[:-size])
    calls += [*map(str, cut.values()), str(tmp_path / "nowhere.zip")]
    code = (
        "import django, sys; django.setup()\n"
        "from django.utils import translation; translation.activate('en')\n"
        "from pathlib import Path\n"
        "from quetsach.portal.backups.actions import restore\n"
        "from quetsach.portal.backups.archive import BackupError\n"
        "for name in sys.argv[1:]:\n"
        "    try: restore(Path(name), overwrite=True); print('RESTORED')\n"
        "    except BackupError as error: print(error)\n"
    )
    done = portal._run([sys.executable, "-c", code, *calls])
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    wanted = [text for _, text in BAD.values()]
    wanted += [*["after it was signed"] * 3, "cut short", "No such file"]
    assert len(said) == len(wanted)
    for line, text in zip(said, wanted, strict=True):
        assert text in line and "Nothing was changed." in line
    assert portal.tell() == before
    assert not list(portal.folder.glob("restore-*")) and not (tmp_path / "x").exists()


KILLED = """
import os, sqlite3, sys
class Doomed(sqlite3.Connection):
    def backup(self, target, **_):
        steps = []
        def step(*state):
            steps.append(state)
            if len(steps) == 8: os.kill(os.getpid(), 9)
        super().backup(target, pages=4, progress=step)
real = sqlite3.connect
import django; django.setup()
from pathlib import Path
from quetsach.portal.backups import actions, databases
databases.sqlite3.connect = lambda name, **kw: real(name, factory=Doomed, **kw)
actions.restore(Path(sys.argv[1]), overwrite=True)
"""


@pytest.mark.skipif(bool(SERVER), reason="SQLite only")
def test_killed_while_the_database_is_put_back_the_old_one_stays(portal):
    portal.fill("binh")
    before = portal.tell()
    done = portal._run([sys.executable, "-c", KILLED, str(portal.backup)])
    assert done.returncode == -9
    assert list(portal.folder.glob("restore-*"))
    assert portal.tell() == before
    assert not list(portal.folder.glob("restore-*")), "the next start removes what the killed one left"
    assert portal.manage("restore", portal.backup, "--overwrite").returncode == 0
    assert portal.tell()[0] == ["an"]


HALF_A_SCRIPT = """#!/bin/sh
{real} "$@" || exit 1
for word in "$@"; do case $word in --file=*) script=${{word#--file=}} ;; esac; done
half=$(($(wc -l <"$script") / 2))
head -n $half "$script" >"$script.half"
echo "SELECT 1/0;" >>"$script.half"
mv "$script.half" "$script"
"""


@pytest.mark.skipif(not SERVER, reason="PostgreSQL only")
def test_a_script_that_breaks_off_leaves_the_old_database(portal, tmp_path):
    portal.fill("binh")
    before = portal.tell()
    real = shutil.which("pg_restore", path=portal.env["PATH"])
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "pg_restore").write_text(HALF_A_SCRIPT.format(real=real))
    (programs / "pg_restore").chmod(0o755)
    path = portal.env["PATH"]
    portal.env["PATH"] = f"{programs}:{path}"
    done = portal.manage("restore", portal.backup, "--overwrite")
    portal.env["PATH"] = path
    assert done.returncode and "as it was" in done.stderr
    assert portal.tell() == before


BACKUP_KILLED = """
import os, sys
import django; django.setup()
from pathlib import Path
from quetsach.portal.backups import actions
from quetsach.portal.backups.archive import add
actions.box.add = lambda *a: (add(*a), os.kill(os.getpid(), 9))
actions.back_up(Path(sys.argv[1]))
"""


def test_a_backup_that_was_killed_leaves_nothing_that_the_next_one_keeps(portal, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    done = portal._run([sys.executable, "-c", BACKUP_KILLED, str(folder / "one.zip")])
    assert done.returncode == -9
    assert [path.name[:8] for path in folder.iterdir()] == [".backup-"]
    (folder / ".backup-of-somebody").write_text("no folder of ours")
    assert portal.manage("backup", folder / "two.zip").returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == [".backup-of-somebody", "two.zip"]


def test_what_is_at_work_is_not_removed(tmp_path):
    with scratch(tmp_path, BACKUP) as first, scratch(tmp_path, BACKUP) as second:
        sweep(tmp_path, BACKUP)
        assert first.is_dir() and second.is_dir() and stat.S_IMODE(first.stat().st_mode) == 0o700
    assert not list(tmp_path.iterdir())
    sweep(tmp_path / "nowhere", BACKUP)


def test_uploads_that_were_killed_go_after_a_day(tmp_path):
    old, new, kept = (tmp_path / "sets" / name for name in ("new-old", "new-now", "ab"))
    for path in (old, new, kept):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    for path in (old, kept):
        os.utime(path, (0, 0))
    sweep_uploads(tmp_path)
    assert sorted(path.name for path in old.parent.iterdir()) == ["ab", "new-now"]


SPOILT = """
import os, pathlib, shutil, sys
import django; django.setup()
from django.conf import settings
from django.db import connections
from django.test import Client
plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": plain}}
data, how = pathlib.Path(os.environ["QUETSACH_DATA_DIR"]), sys.argv[1]
client = Client(raise_request_exception=False, headers={"host": "localhost", "accept-language": "en"})
client.cookies["django_language"] = "en"
before = client.get("/tai-khoan/dang-nhap/").status_code
connections.close_all()
database = data / "quetsach.sqlite3"
for name in ("-wal", "-shm"): database.with_name(database.name + name).unlink(missing_ok=True)
{"emptied": lambda: shutil.rmtree(data), "without": database.unlink}[how]()
page = client.post("/tai-khoan/dang-nhap/", {"login": "an", "password": "x"})
print(before, page.status_code, "cannot reach its data" in page.content.decode())
"""


@pytest.mark.skipif(bool(SERVER), reason="SQLite only")
@pytest.mark.parametrize("how", ["emptied", "without"])
def test_data_that_vanish_under_a_running_portal_are_a_page(portal, how):
    done = portal._run([sys.executable, "-c", SPOILT, how])
    assert done.stdout.split() == ["200", "503", "True"], done.stdout + done.stderr
