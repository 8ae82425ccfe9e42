"""Why a pack, a sealed result or a stick is refused: a stable code, and a sentence with advice."""

from __future__ import annotations

from collections.abc import Mapping

from quetsach.errors import QuetsachError
from quetsach.text.language import gettext as _


def N_(text: str) -> str:
    """Mark a text for translation without translating it."""
    return text


REASONS: Mapping[str, str] = {
    "pack_form": N_("%(name)s: is no pack of a campaign. Fetch the pack again from the portal."),
    "pack_damaged": N_(
        "%(name)s: the pack was changed or copied badly; it is not used. Fetch it again from the portal."
    ),
    "pack_newer": N_("%(name)s: the pack needs a newer version of the program. Fetch both from the portal."),
    "pack_key": N_(
        "%(name)s: nobody has confirmed its signing key: %(fingerprint)s. Compare it with the fingerprint"
        " that the coordinator gave you, then give it with --trust."
    ),
    "pack_expired": N_(
        "%(name)s: the pack expired on %(date)s. Fetch a new one; if today is before that date, the clock of"
        " this machine is wrong."
    ),
    "pack_early": N_(
        "%(name)s: this machine's clock says %(now)s, but the pack was made on %(date)s. Set the clock right,"
        " then start again."
    ),
    "key_file": N_("%(name)s: is no key file of this kind. Make one with 'quetsach pack key'."),
    "key_form": N_("%(name)s: is no signing key: 64 characters 0-9 and a-f are needed."),
    "sealed_form": N_("%(name)s: is no sealed result, or it was copied badly. Copy it again from the stick."),
    "sealed_other": N_("%(name)s: is sealed for somebody else; this key does not open it."),
    "sealed_locked": N_(
        "%(name)s: is sealed. The secret key of the unit or of the campaign opens it, and the pack that it"
        " was made with."
    ),
    "sealed_damaged": N_("%(name)s: the result was changed after it was sealed; check the machine again."),
    "sealed_pack": N_(
        "%(name)s: was made with a pack that is not known here (%(pack)s). Ask which stick was used."
    ),
    "sealed_forged": N_(
        "%(name)s: does not come from the pack that it names; it is not counted. Check the machine again."
    ),
    "sealed_future": N_(
        "%(name)s: says that it was made on %(date)s, a day that has not come. Where that machine's clock is"
        " wrong, set it and check again; where this machine's is, set it and open the result again."
    ),
    "sealed_early": N_(
        "%(name)s: says that it was made on %(date)s, before its pack was. That machine's clock was behind:"
        " set it, then check again."
    ),
    "sealed_late": N_(
        "%(name)s: was made on %(date)s, after its pack had expired. Check the machine again with a new pack."
    ),
    "result_form": N_("%(name)s: is no result of a check, or it was changed. Check the machine again."),
    "stick_manifest": N_(
        "The list of this stick's files is missing or was changed. Unpack the ZIP again from the portal; do"
        " not use this copy."
    ),
    "stick_changed": N_(
        "%(name)s was changed or is missing. Unpack the ZIP again from the portal; do not use this copy."
    ),
    "stick_foreign": N_(
        "%(name)s does not belong on this stick. Take it away (do not open it), then start again."
    ),
}
"""Code → English sentence; `%(name)s` is a file."""


class Refused(QuetsachError):
    """A pack, result or stick is not used; `code` is one of `REASONS`."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(REASONS[code] % values)
        self.code = code
        self.values = values

    def worded(self) -> str:
        """The sentence in the language in use."""
        return _(REASONS[self.code]) % self.values
