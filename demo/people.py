"""The people of the demonstration: seven with a password, and one officer without a password in each unit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from quetsach.portal.accounts.models import User
from quetsach.portal.units.models import Membership, Role, Unit


@dataclass(frozen=True)
class Account:
    """A person whose role the visitor may play."""

    username: str
    full_name: str
    role: Role
    unit: str
    what: str


ACCOUNTS = (
    Account("dieuphoi", "Trần Thị Hoa", Role.COORDINATOR, "Huyện Phong Thổ", "cán bộ đầu mối của huyện"),
    Account("daosan", "Phàn A Sính", Role.OFFICER, "Xã Dào San", "cán bộ phụ trách một xã"),
    Account("cntt", "Lê Văn Dũng", Role.IT, "Huyện Phong Thổ", "cán bộ công nghệ thông tin"),
    Account("lanhdao", "Vũ Thị Lan", Role.READER, "Huyện Phong Thổ", "lãnh đạo, chỉ xem"),
    Account("dieuphoi2", "Giàng A Tủa", Role.COORDINATOR, "Huyện Phong Thổ", "cán bộ đầu mối thứ hai"),
    Account("giaoduc", "Đèo Thị Mai", Role.OFFICER, "Phòng Giáo dục và Đào tạo", "theo dõi các trường"),
    Account("kiemtra", "Hoàng Văn Kim", Role.AUDITOR, "Huyện Phong Thổ", "kiểm tra, chỉ đọc"),
)


def passwords(file: Path) -> dict[str, str]:
    """A password for each account, made once and kept in a file that only its owner can read."""
    if file.exists():
        known: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        return known
    made = {account.username: "quet-sach-" + secrets.token_hex(4) for account in ACCOUNTS}
    file.touch(mode=0o600)
    file.write_text(json.dumps(made, indent=1), encoding="utf-8")
    return made


def seat_accounts(units: dict[str, Unit], file: Path) -> dict[str, User]:
    """Make the people of the table."""
    known = passwords(file)
    people: dict[str, User] = {}
    for account in ACCOUNTS:
        user, _ = User.objects.get_or_create(
            username=account.username, defaults={"full_name": account.full_name}
        )
        user.set_password(known[account.username])
        user.save()
        Membership.ever.get_or_create(user=user, unit=units[account.unit], role=account.role)
        people[account.username] = user
    return people


_FAMILY = ("Lò", "Vàng", "Giàng", "Nguyễn", "Tẩn", "Phàn", "Hoàng", "Lý", "Trần", "Đèo")
_GIVEN = ("Văn Páo", "Thị Mỷ", "A Tủa", "Thị Hồng", "Văn Thanh", "Thị Dúa", "A Sử", "Thị Lan", "Văn Kim")


def give_contacts(units: Iterable[Unit]) -> None:
    """Add contacts to each unit; every tenth unit has given none, as in real life."""
    known = []
    for number, unit in enumerate(units):
        if number % 10 != 9:
            unit.contact_name = f"{_FAMILY[number % len(_FAMILY)]} {_GIVEN[number % len(_GIVEN)]}"
            unit.contact_phone = f"0900 000 {101 + number:03}"
            known.append(unit)
    Unit.rows.bulk_update(known, ["contact_name", "contact_phone"])


def officer_of(unit: Unit) -> User:
    """The unit's own officer: a person of the unit, or an invented person who cannot sign in."""
    serving = User.objects.filter(memberships__unit=unit, memberships__role=Role.OFFICER).first()
    if serving is not None:
        return serving
    user = User(username=f"demo-{unit.pk.hex[-12:]}", full_name=f"Cán bộ phụ trách, {unit.name}")
    user.set_unusable_password()
    user.save()
    Membership.ever.create(user=user, unit=unit, role=Role.OFFICER)
    return user
