"""The forms of one person carry the same facts: generated people, and every golden record."""

from __future__ import annotations

import base64
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from cbor2 import CBORTag
from hypothesis import given, settings
from hypothesis import strategies as st

from api.wiring.issuer import dataset_of
from formats.claim_169 import CardTerms, draft_card, open_content, read_card
from formats.dataset import (
    AGES,
    ATTRIBUTES,
    Attribute,
    CredentialDataset,
    Glyph,
    Group,
    group_values,
    jose_claims,
    mdoc_elements,
)
from formats.sd_cwt.model import Assurance, StatusReference
from issuer.cards import card_facts
from issuer.cases.model import submit
from issuer.ports import BureauContext
from issuer.register.golden import GoldenRecord, golden_records
from issuer.register.portrait_drawing import draw_portrait
from issuer.register.portraits import PreparedPortrait, prepare_portrait
from issuer.register.ports import ApprovedRecord, Portraits
from issuer.register.rules import check_record
from keys.algorithms import ES256
from tests.builders.bureau import BUREAU, NOW, REGISTRAR, TODAY
from tests.builders.people import a_person, tiny_portrait
from tests.builders.qr import DAY, MONDAY

ABOUT = BureauContext(BUREAU, "样例市公安局", "Sample City Bureau", BUREAU[:6], "CN", specimen=True)
GOLDEN = golden_records(today=TODAY)
LONGEST_MDOC_TEXT = 150
CARD_TERMS = CardTerms(
    issued_at=MONDAY,
    expires_at=MONDAY + DAY,
    status=StatusReference("https://id.example.test/status/690101000000/a", 7),
    assurance=Assurance.FULL,
    division="690101",
    specimen=True,
)

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=12)
RARE = st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF)
DAYS = st.dates(date(1900, 1, 1), date(2030, 12, 31))


@st.composite
def people(draw: Callable[[st.SearchStrategy[Any]], Any]) -> CredentialDataset:
    rare = draw(st.lists(RARE, max_size=4, unique=True))
    split = draw(st.booleans())
    family, given_name = draw(HAN), draw(HAN)
    born = draw(DAYS)
    return a_person(
        full_name=family + "".join(rare) + given_name,
        name_latin=draw(st.none() | st.text("ABCDEFGH", min_size=1, max_size=60)),
        family_name=family if split else None,
        given_name=given_name if split else None,
        name_local_script=draw(st.none() | st.text("བོད་ཡིག", min_size=1, max_size=8).filter(str.isalpha)),
        glyphs=tuple(Glyph(ord(letter), bytes([number]) * 72) for number, letter in enumerate(rare)),
        birth_date=born,
        citizen_number=draw(st.from_regex("69[0-9]{15}[0-9X]", fullmatch=True)),
        sex=draw(st.sampled_from([0, 1, 2, 9])),
        nationality=draw(st.none() | st.sampled_from(["CN", "FR"])),
        ethnicity=draw(st.none() | HAN),
        ethnicity_code=draw(st.none() | st.sampled_from(["01", "58"])),
        address=draw(st.just("") | HAN),
        division_code=draw(st.none() | st.just("690101")),
        date_of_issuance=draw(DAYS),
        date_of_expiry=draw(st.none() | DAYS),
        qr_portrait=draw(st.none() | st.just(tiny_portrait())),
        portrait=draw(st.none() | st.just(tiny_portrait(size=(240, 296)))),
    )


def golden_person(golden: GoldenRecord) -> CredentialDataset:
    """The facts of a golden record, as the issuer makes them of the record and a drawn portrait."""
    record = check_record(golden.row, today=TODAY, specimen=True).record
    assert record is not None
    portrait = prepare_portrait(draw_portrait(1, sex=golden.sex, age=golden.age))
    assert isinstance(portrait, PreparedPortrait)
    case = submit("case", "record", officer=REGISTRAR, now=NOW, warnings=())
    approved = ApprovedRecord(record, Portraits(portrait.qr, portrait.online), case, "A1B2C3D4E5F6")
    return dataset_of(approved, ABOUT)


# --- the documented mapping, read back by other means than the table's own


def from_jose(claims: Mapping[str, Any], attribute: Attribute) -> object:
    assert attribute.jose is not None
    value: Any = claims
    for step in attribute.jose:
        value = value.get(step) if isinstance(value, dict) else None
    if attribute.name == "nationality" and value is not None:
        (value,) = value
    if attribute.name == "portrait" and value is not None:
        head, _, body = value.partition(",")
        assert head == "data:image/webp;base64"
        value = base64.b64decode(body, validate=True)
    return value


def from_mdoc(elements: Mapping[str, Any], attribute: Attribute) -> object:
    assert attribute.mdoc is not None
    value = elements.get(attribute.mdoc)
    if isinstance(value, CBORTag):
        assert value.tag == 1004
        value = value.value
    return value


def from_groups(groups: Mapping[Group, Any], attribute: Attribute) -> object:
    assert attribute.group is not None
    return groups.get(attribute.group, {}).get(attribute.key)


def agree(person: CredentialDataset, as_of: date) -> None:
    claims = jose_claims(person, as_of=as_of)
    elements = mdoc_elements(person, as_of=as_of)
    groups = group_values(person, as_of=as_of)
    for attribute in ATTRIBUTES:
        said = []
        if attribute.jose is not None:
            said.append(from_jose(claims, attribute))
        if attribute.mdoc is not None:
            said.append(from_mdoc(elements, attribute))
        if attribute.group is not None:
            said.append(from_groups(groups, attribute))
        # Type and value: no form may say 1 where another says true.
        assert len({(type(value), str(value)) for value in said}) == 1, (attribute.name, said)
    assert elements.keys() <= {attribute.mdoc for attribute in ATTRIBUTES}
    assert claims.keys() <= {attribute.jose[0] for attribute in ATTRIBUTES if attribute.jose}
    assert (person.portrait is None) == ("portrait" not in elements) == ("picture" not in claims)
    if person.qr_portrait is not None:
        agree_with_card(person, claims, groups)


def agree_with_card(person: CredentialDataset, claims: Mapping[str, Any], groups: Mapping[Group, Any]) -> None:
    """The printed card says nothing of its own: each fact in it is one of another form, once signed and read."""
    draft = draft_card(card_facts(person, "CN"), CARD_TERMS, signer_kid=bytes(8), algorithm=ES256)
    card = open_content(read_card(draft.finish(bytes(64))).content)
    assert card.full_name == claims["full_name"]
    assert card.name_latin == claims.get("name_latin")
    assert card.portrait == groups[Group.PORTRAIT][1]
    assert card.country == claims["issuing_country"]
    assert card.number_tail == "****" + groups[Group.DOCUMENT][2][-4:]


@settings(max_examples=60, deadline=None)
@given(people(), DAYS)
def test_the_forms_of_a_generated_person_agree(person: CredentialDataset, as_of: date) -> None:
    agree(person, as_of)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_the_forms_of_every_golden_record_agree(golden: GoldenRecord) -> None:
    person = golden_person(golden)
    for day in (TODAY, TODAY + timedelta(days=1)):
        agree(person, day)
    texts = [value for value in mdoc_elements(person, as_of=TODAY).values() if isinstance(value, str)]
    assert max(map(len, texts)) <= LONGEST_MDOC_TEXT


def test_every_form_answers_the_same_age_on_the_day_it_changes() -> None:
    for age in AGES:
        for born in (date(1950, 2, 28), date(1948, 2, 29), date(1960, 12, 31)):
            year = born.year + age
            birthday = date(year, born.month, min(born.day, monthrange(year, born.month)[1]))
            for day in (birthday - timedelta(days=1), birthday, birthday + timedelta(days=1)):
                person = a_person(birth_date=born)
                had_it = (day.month, day.day) >= (born.month, born.day)
                expected = day.year - born.year - (not had_it) >= age
                assert mdoc_elements(person, as_of=day)[f"age_over_{age}"] is expected
                agree(person, day)
