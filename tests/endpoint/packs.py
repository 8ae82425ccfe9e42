"""A campaign's keys and pack, like a portal's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from quetsach.endpoint import keys, pack
from quetsach.endpoint.pack import Pack, Party
from quetsach.endpoint.profile import Profile
from tests.endpoint.world import LISTED

SIGNING, CAMPAIGN_KEY, UNIT_KEY, RESULT_KEY = (bytes([n]) * 32 for n in (1, 2, 3, 4))
TRUSTED = {keys.public("signing", SIGNING)}
CREATED = datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC)
RULE = 'rule harmless { strings: $a = "QUETSACH-HARMLESS-TEST" condition: $a }'
PACK = Pack(
    campaign=Party("cv-1234-2026", "Chiến dịch rà soát", keys.public("sealing", CAMPAIGN_KEY)),
    unit=Party("tan-phu", "UBND xã Tân Phú", keys.public("sealing", UNIT_KEY)),
    version=7,
    created=CREATED,
    expires=CREATED + timedelta(days=60),
    result_key=RESULT_KEY,
    indicators=LISTED,
    hashes={"0" * 63 + "1": "ramnit"},
    rules=(RULE,),
    signs=pack.own_signs(),
    profile=Profile("UBND xã Tân Phú", ("kms.example.org",), True),
    texts={"vi": {"contact": "chị An", "hand_in": "Nộp cho chị An"}, "en": {"contact": "Ms An"}},
    portal="https://quetsach.example.org",
)
