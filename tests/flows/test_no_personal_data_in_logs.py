"""Over a whole flow, nothing about a person and no secret appears in what the processes say beside their answers."""

from __future__ import annotations

import csv
from typing import Any

from tests.api.cli.command import PASSPHRASE, PIN
from tests.flows.loop import GATE, GATE_READER, Loop


def people(loop: Loop) -> list[dict[str, str]]:
    with loop.file("register.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def personal(rows: list[dict[str, str]]) -> set[str]:
    """Everything of the register that tells one person from another."""
    columns = ("name", "address", "citizen_number", "name_latin")
    return {row[column] for row in rows for column in columns if len(row[column]) > 1}


def secrets_of(offer: dict[str, Any], code: str) -> set[str]:
    reference = str(offer["offer"]).rpartition("%2F")[2]
    return {str(offer["tx_code"]), reference, code, code[-40:], PIN, PASSPHRASE}


def test_nothing_about_people_and_no_secret_is_logged(loop: Loop) -> None:
    offer = loop.offer(loop.records[3])
    wrong = {**offer, "tx_code": "000000" if offer["tx_code"] != "000000" else "000001"}
    assert loop.accept(wrong, "logged-wallet").problem["error"] == "tx_code_wrong"
    loop.accept(offer, "logged-wallet").done()
    assert loop.accept(offer, "late-wallet").code == 1
    code = loop.show(wallet="logged-wallet")
    loop.verdict(GATE_READER, code, *GATE)
    loop.asked_of_the_server(presentation=code, format="eid1", policy="rail-gate")
    loop.asked_of_the_server(presentation=code[:-1] + "0", format="eid1", policy="rail-gate")
    loop.run("bureau", "records", "import", loop.file("register.csv"), "--officer", "nobody")
    loop.run("logged-wallet", "wallet", "show", "00", wallet="logged-wallet")
    assert loop.server is not None
    said = "\n".join([*loop.said, *loop.server.said])
    assert "tx_code_wrong" in said, "what was said was not gathered"
    found = {text for text in personal(people(loop)) | secrets_of(offer, code) if text in said}
    assert found == set()
