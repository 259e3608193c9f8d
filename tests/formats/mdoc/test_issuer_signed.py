from __future__ import annotations

from hashlib import sha384, sha512
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EidError
from core.reasons import Reason
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc.issuer_signed import (
    check_digests,
    check_issuer_signature,
    check_signed_within,
    check_validity,
    draft_issuer_signed,
    element_names,
    read_issuer_signed,
    select,
)
from formats.mdoc.model import DOCTYPE, MAX_BYTES
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from keys.trust import AuthorisedIssuer
from tests.builders.refusals import refused
from tests.builders.trust import DAY, LEAF_VALIDITY, NOW, document_signer, seeded_signer
from tests.fakes.seeded_entropy import SeededEntropy
from tests.formats.mdoc.mdocs import (
    ELEMENTS,
    SHOWN,
    TRUST,
    WORLD,
    Forge,
    an_mdoc,
    check_issued,
    loosely,
    the_terms,
    values,
)

ISSUED = an_mdoc()
PLAIN: st.SearchStrategy[ForeignValue] = (
    st.text(max_size=20)
    | st.binary(max_size=300)
    | st.booleans()
    | st.none()
    | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.dates().map(lambda day: CBORTag(1004, day.isoformat()))
)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=200)


def issuer() -> AuthorisedIssuer:
    return TRUST.authorise(WORLD.issuer.certificates, credential_type=DOCTYPE, issued_at=NOW, now=NOW)


# --- what we issue ---------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=40))
def test_what_is_packed_unpacks_to_the_same(elements: dict[str, ForeignValue]) -> None:
    issued = read_issuer_signed(an_mdoc(elements))
    check_issued(issued)
    assert values(issued) == elements
    assert list(values(issued)) == list(elements)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"key_storage": KeyStorage.ATTESTED, "assurance": Assurance.BASIC, "specimen": False},
        {"key_storage": None, "assurance": None},
        {"doctype": "org.example.1", "key_storage": None, "assurance": None, "specimen": False},
    ],
)
def test_the_terms_read_back(changes: dict[str, Any]) -> None:
    issued = read_issuer_signed(an_mdoc(**changes))
    assert issued.terms == the_terms(**changes)
    assert issued.mso.valid_from == issued.terms.issued_at
    assert issued.chain == WORLD.issuer.certificates


def test_the_layout_is_the_standards() -> None:
    value = loosely(ISSUED)
    assert list(value) == ["nameSpaces", "issuerAuth"]
    [namespace] = value["nameSpaces"]
    item = loosely(value["nameSpaces"][namespace][0].value)
    assert namespace == "cn.eid.resident_id.1"
    assert list(item) == ["digestID", "random", "elementIdentifier", "elementValue"]
    protected, unprotected, payload, signature = value["issuerAuth"]
    assert (protected, unprotected) == (b"\xa1\x01\x26", {33: WORLD.issuer.certificates[0]})
    assert len(signature) == 64
    tagged = loosely(payload)
    mso = loosely(tagged.value)
    assert tagged.tag == 24
    assert (mso["version"], mso["digestAlgorithm"], mso["docType"]) == ("1.0", "SHA-256", "cn.eid.resident_id.1")
    assert mso["validityInfo"]["signed"] == mso["validityInfo"]["validFrom"] == CBORTag(0, "2026-09-20T14:13:20Z")
    assert mso["status"] == {"status_list": {"idx": 4711, "uri": the_terms().status.uri}}
    assert mso["deviceKeyInfo"]["keyInfo"] == {-1: 1, -2: 2, -3: True}
    key = mso["deviceKeyInfo"]["deviceKey"]
    assert (key[1], key[-1], bytes((2 | key[-3][-1] & 1,)) + key[-2]) == (2, 1, WORLD.holder.point)


def test_a_chain_of_two_is_an_array() -> None:
    signer = WORLD.issuer.with_certificates(*WORLD.issuer.certificates, WORLD.root.certificate)
    issued = an_mdoc(signer=signer)
    assert loosely(issued)["issuerAuth"][1] == {33: list(signer.certificates)}
    assert read_issuer_signed(issued).chain == signer.certificates


def test_numbers_and_randoms_of_two_copies_have_nothing_in_common() -> None:
    one, other = (read_issuer_signed(an_mdoc(seed=seed)).namespaces[DOCTYPE] for seed in ("one", "other"))
    assert [item.digest_id for item in one] != [item.digest_id for item in other]
    assert {item.tagged for item in one}.isdisjoint(item.tagged for item in other)
    randoms = [loosely(cbor.unwrap(item.tagged))["random"] for item in (*one, *other)]
    assert len(set(randoms)) == len(randoms)
    assert {len(random) for random in randoms} == {16}


def test_each_number_is_as_likely_for_each_element() -> None:
    found = {read_issuer_signed(an_mdoc(seed=f"{copy}")).namespaces[DOCTYPE][0].digest_id for copy in range(200)}
    assert found == set(range(28))


def test_the_count_of_digests_does_not_tell_how_much_is_known_of_a_person() -> None:
    few, many = read_issuer_signed(an_mdoc({"sex": 1})), read_issuer_signed(ISSUED)
    for issued in (few, many):
        digests = issued.mso.digests[DOCTYPE]
        assert sorted(digests) == list(range(28))
        assert len(set(digests.values())) == 28
    assert len(read_issuer_signed(an_mdoc(digests=2)).mso.digests[DOCTYPE]) == len(ELEMENTS)


def test_a_draft_fixes_payload_and_message_before_the_key_is_used() -> None:
    draft = draft_issuer_signed(ELEMENTS, the_terms(), entropy=SeededEntropy("mdoc"), signer=WORLD.issuer)
    assert draft.finish(WORLD.issuer.sign(draft.to_be_signed()))[:-64] == ISSUED[:-64]
    assert loosely(ISSUED)["issuerAuth"][2] == draft.payload
    assert draft.to_be_signed() == cbor2.dumps(["Signature1", b"\xa1\x01\x26", b"", draft.payload])


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": NOW - DAY},
        {"issued_at": -1},
        {"expires_at": 1 << 33},
        {"status": StatusReference("ftp://list", 1)},
        {"status": StatusReference("https://list", -1)},
    ],
)
def test_does_not_issue_what_a_reader_would_refuse(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        an_mdoc(**changes)


def test_does_not_issue_without_elements_or_certificates_or_a_right_signature() -> None:
    bare = seeded_signer("document")
    for elements, signer in (({}, WORLD.issuer), (ELEMENTS, bare)):
        with pytest.raises(ValueError):
            draft_issuer_signed(elements, the_terms(), entropy=SeededEntropy("x"), signer=signer)
    with pytest.raises(ValueError):
        an_mdoc({"": 1})
    draft = draft_issuer_signed(ELEMENTS, the_terms(), entropy=SeededEntropy("x"), signer=WORLD.issuer)
    with pytest.raises(ValueError):
        draft.finish(bytes(63))
    with pytest.raises(TypeError):
        an_mdoc({"sex": 1.5})  # type: ignore[dict-item]  # the point of the test
    with refused(Reason.HOLDER_KEY_INVALID):
        an_mdoc(holder_point=b"\x02" + b"\xff" * 32)


# --- what the holder chooses -----------------------------------------------------------------------------------------


def test_names_what_can_be_shown_in_the_order_issued() -> None:
    assert element_names(ISSUED) == tuple(ELEMENTS)


def test_has_nothing_to_show_of_others_namespaces() -> None:
    def moved(issued: dict[str, Any]) -> None:
        issued["nameSpaces"] = {"org.example": issued["nameSpaces"].pop(DOCTYPE)}

    assert element_names(Forge(issued=moved).issuer_signed()) == ()


@given(st.sets(st.sampled_from(list(ELEMENTS)), min_size=1))
def test_selecting_keeps_every_byte_of_what_is_kept(elements: set[str]) -> None:
    selected = select(ISSUED, elements)
    before, after = read_issuer_signed(ISSUED), read_issuer_signed(selected)
    kept = tuple(item for item in before.namespaces[DOCTYPE] if item.element in elements)
    assert after.namespaces == {DOCTYPE: kept}
    assert (after.issuer_auth, after.mso) == (before.issuer_auth, before.mso)
    assert selected.endswith(ISSUED[ISSUED.index(b"\x6aissuerAuth") :])
    check_issued(after)


def test_selecting_keeps_what_the_issuer_wrote_around_its_signature() -> None:
    forged = Forge(sign1=lambda auth: auth[1].update({4: b"kid", 33: auth[1][33]})).issuer_signed()
    assert select(forged, SHOWN).endswith(forged[forged.index(b"\x6aissuerAuth") :])


@pytest.mark.parametrize("elements", [(), ("address",), ("full_name", "address")])
def test_does_not_select_what_is_not_there_nor_nothing(elements: tuple[str, ...]) -> None:
    with refused(Reason.GROUP_UNKNOWN):
        select(ISSUED, elements)


# --- signature, digests, times ---------------------------------------------------------------------------------------


def test_refuses_another_issuers_signature() -> None:
    forger = seeded_signer("forger").with_certificates(*WORLD.issuer.certificates)
    with refused(Reason.ISSUER_SIGNATURE_INVALID):
        check_issuer_signature(read_issuer_signed(an_mdoc(signer=forger)), issuer())


def test_refuses_a_header_that_names_another_algorithm_than_the_key_has() -> None:
    forged = Forge(protected=b"\xa1\x01\x3a\x00\x05\x05\xdd")  # -329182, of the same size of signature
    with refused(Reason.ALGORITHM_NOT_ALLOWED):
        check_issuer_signature(read_issuer_signed(forged.issuer_signed()), issuer())


def test_takes_the_number_of_the_algorithm_that_is_fully_specified_too() -> None:
    check_issued(read_issuer_signed(Forge(protected=b"\xa1\x01\x28").issuer_signed()))


@settings(max_examples=150)
@given(st.integers(0, 8 * len(ISSUED) - 1))
def test_any_single_flipped_bit_is_refused(bit: int) -> None:
    spoiled = bytearray(ISSUED)
    spoiled[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EidError):
        check_issued(read_issuer_signed(bytes(spoiled)))


@pytest.mark.parametrize("name", ["elementValue", "elementIdentifier", "random"])
def test_refuses_an_element_that_is_not_what_the_issuer_hashed(name: str) -> None:
    def changed(issued: dict[str, Any]) -> None:
        item = loosely(issued["nameSpaces"][DOCTYPE][0].value)
        item[name] = item[name] + item[name][:1]
        issued["nameSpaces"][DOCTYPE][0] = CBORTag(24, cbor2.dumps(item))

    issued = read_issuer_signed(Forge(issued=changed).issuer_signed())
    with refused(Reason.DISCLOSURE_UNREFERENCED):
        check_digests(issued)


def test_refuses_an_item_encoded_again_in_another_order() -> None:
    def reordered(issued: dict[str, Any]) -> None:
        item = loosely(issued["nameSpaces"][DOCTYPE][0].value)
        issued["nameSpaces"][DOCTYPE][0] = CBORTag(24, cbor2.dumps(dict(sorted(item.items(), reverse=True))))

    issued = read_issuer_signed(Forge(issued=reordered).issuer_signed())
    with refused(Reason.DISCLOSURE_UNREFERENCED):
        check_digests(issued)


def test_refuses_a_number_or_a_namespace_the_mso_does_not_have() -> None:
    def another_number(mso: dict[str, Any]) -> None:
        digests = mso["valueDigests"][DOCTYPE]
        digests[99] = digests.pop(next(iter(digests)))

    def another_namespace(mso: dict[str, Any]) -> None:
        mso["valueDigests"] = {"org.example": mso["valueDigests"][DOCTYPE]}

    for change in (another_number, another_namespace):
        issued = read_issuer_signed(Forge(mso=change).issuer_signed())
        with refused(Reason.DISCLOSURE_UNREFERENCED):
            check_digests(issued)


def test_an_item_stands_for_its_own_number_only() -> None:
    def swapped(issued: dict[str, Any]) -> None:
        first, second, *_ = issued["nameSpaces"][DOCTYPE]
        one, other = loosely(first.value), loosely(second.value)
        one["digestID"] = other["digestID"]
        issued["nameSpaces"][DOCTYPE] = [CBORTag(24, cbor2.dumps(one))]

    issued = read_issuer_signed(Forge(issued=swapped).issuer_signed())
    with refused(Reason.DISCLOSURE_UNREFERENCED):
        check_digests(issued)


@pytest.mark.parametrize(("name", "function"), [("SHA-384", sha384), ("SHA-512", sha512)])
def test_takes_the_longer_hashes_of_others(name: str, function: Any) -> None:
    tagged = [item.tagged for item in read_issuer_signed(an_mdoc(digests=0)).namespaces[DOCTYPE]]

    def rehashed(mso: dict[str, Any]) -> None:
        mso["digestAlgorithm"] = name
        numbers = [loosely(cbor.unwrap(item))["digestID"] for item in tagged]
        mso["valueDigests"][DOCTYPE] = {
            number: function(item).digest() for number, item in zip(numbers, tagged, strict=True)
        }

    check_issued(read_issuer_signed(Forge(mso=rehashed).issuer_signed()))

    def still_sha_256(mso: dict[str, Any]) -> None:
        mso["digestAlgorithm"] = name

    with refused(Reason.CLAIMS_MALFORMED):
        read_issuer_signed(Forge(mso=still_sha_256).issuer_signed())


def test_is_valid_from_valid_from_to_before_valid_until() -> None:
    issued = read_issuer_signed(ISSUED)
    terms = issued.terms
    for now in (terms.issued_at - 30, NOW, terms.expires_at + 29):
        check_validity(issued, now=now, tolerance_seconds=30)
    with refused(Reason.CREDENTIAL_NOT_YET_VALID):
        check_validity(issued, now=terms.issued_at - 31, tolerance_seconds=30)
    with refused(Reason.CREDENTIAL_EXPIRED):
        check_validity(issued, now=terms.expires_at + 30, tolerance_seconds=30)


def test_is_not_valid_before_valid_from_even_after_it_was_signed() -> None:
    def later(mso: dict[str, Any]) -> None:
        mso["validityInfo"]["validFrom"] = CBORTag(0, "2026-09-25T00:00:00Z")

    issued = read_issuer_signed(Forge(mso=later).issuer_signed())
    with refused(Reason.CREDENTIAL_NOT_YET_VALID):
        check_validity(issued, now=NOW, tolerance_seconds=30)


def test_signed_lies_within_the_certificates_validity() -> None:
    leaf = issuer().leaf
    for signed in (LEAF_VALIDITY.not_before, NOW + 19 * DAY):
        check_signed_within(read_issuer_signed(an_mdoc(issued_at=signed)), leaf)
    early = read_issuer_signed(an_mdoc(issued_at=LEAF_VALIDITY.not_before - 1))
    late = read_issuer_signed(an_mdoc(issued_at=LEAF_VALIDITY.not_after + 1, expires_at=LEAF_VALIDITY.not_after + DAY))
    for issued in (early, late):
        with refused(Reason.ISSUER_KEY_OUT_OF_PERIOD):
            check_signed_within(issued, leaf)
    last = an_mdoc(issued_at=LEAF_VALIDITY.not_after, expires_at=LEAF_VALIDITY.not_after + DAY)
    check_signed_within(read_issuer_signed(last), leaf)


def test_the_chain_in_the_header_leads_to_the_root() -> None:
    other = document_signer(WORLD.root, "other")
    issued = read_issuer_signed(an_mdoc(signer=WORLD.issuer.with_certificates(*other.certificates)))
    with refused(Reason.ISSUER_SIGNATURE_INVALID):
        check_issued(issued)


# --- structure -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda issued: [1],
        lambda issued: issued.pop("nameSpaces") and None,
        lambda issued: issued.pop("issuerAuth") and None,
        lambda issued: issued.update({"more": 1}),
        lambda issued: issued.update({"nameSpaces": {}}),
        lambda issued: issued.update({"nameSpaces": []}),
        lambda issued: issued.update({"nameSpaces": None}),
        lambda issued: issued.update({"nameSpaces": {1: issued["nameSpaces"][DOCTYPE]}}),
        lambda issued: issued.update({"nameSpaces": {"": issued["nameSpaces"][DOCTYPE]}}),
        lambda issued: issued.update({"nameSpaces": {"n" * 201: issued["nameSpaces"][DOCTYPE]}}),
    ],
)
def test_refuses_another_shape_of_the_issued_part(change: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        read_issuer_signed(Forge(issued=change).issuer_signed())


@pytest.mark.parametrize(
    "data",
    [b"", b"\xa0\x00", ISSUED + b"\0", b"\xbf\xff", ISSUED[:-1], b"\xb8\x02" + ISSUED[1:], b"\xd8\x18" + ISSUED],
)
def test_refuses_what_is_not_strict_cbor(data: bytes) -> None:
    with refused(Reason.CBOR_MALFORMED):
        read_issuer_signed(data)


def test_refuses_more_bytes_than_allowed() -> None:
    assert read_issuer_signed(an_mdoc({"portrait": bytes(MAX_BYTES - 3_000)}))
    with refused(Reason.TOO_LARGE):
        read_issuer_signed(an_mdoc({"portrait": bytes(MAX_BYTES)}))


def test_what_the_issuer_wrote_in_another_order_is_read_too() -> None:
    def reversed_all(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: reversed_all(value[key]) for key in reversed(value)}
        return value

    def reordered(item: dict[str, Any]) -> dict[str, Any]:
        return dict(reversed(item.items()))

    forged = Forge(mso=reversed_all, item=reordered, issued=reversed_all).issuer_signed()
    issued = read_issuer_signed(forged)
    check_issued(issued)
    assert values(issued) == ELEMENTS
    assert issued.terms == the_terms()
    assert select(forged, ELEMENTS) != forged
    check_issued(read_issuer_signed(select(forged, ELEMENTS)))
