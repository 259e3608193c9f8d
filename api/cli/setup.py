"""``eid init``: found a home."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from api.cli.session import session_of
from keys.algorithms import ES256, ML_DSA_44, SM2_SM3

STEPS: Final = 5
COUNTRY: Final = "CN"
SPECIMEN: Final = {
    "bureau": "690101000000",
    "name_zh": "样例市公安局示范区分局",
    "name_en": "SPECIMEN Example City Public Security Bureau",
    "division": "690101",
    "operator_zh": "样例国家电子身份证管理机构",
    "operator_en": "Example National e-ID Operator",
    "contact": "eid@example.invalid",
}
"""What a specimen deployment is called where nothing is named."""


class Suite(StrEnum):
    """What a bureau may sign its online forms in, as the command calls it."""

    ES256 = "es256"
    SM2 = "sm2"
    ML_DSA_44 = "ml-dsa-44"


SUITES: Final = {Suite.ES256: ES256, Suite.SM2: SM2_SM3, Suite.ML_DSA_44: ML_DSA_44}


def init(
    context: typer.Context,
    real: Annotated[
        bool, typer.Option("--real", help="A real deployment: name the bureau; nothing is marked SPECIMEN")
    ] = False,
    bureau: Annotated[str | None, typer.Option(help="12-digit organ code")] = None,
    name_zh: Annotated[str | None, typer.Option(help="The bureau's name in Chinese")] = None,
    name_en: Annotated[str | None, typer.Option(help="The bureau's name in English")] = None,
    division: Annotated[str | None, typer.Option(help="6-digit division of the bureau")] = None,
    operator_zh: Annotated[str | None, typer.Option(help="Who runs the scheme, in Chinese")] = None,
    operator_en: Annotated[str | None, typer.Option(help="Who runs the scheme, in English")] = None,
    contact: Annotated[str | None, typer.Option(help="E-mail or https address written into the certificates")] = None,
    suite: Annotated[
        Suite, typer.Option(help="What the online forms are signed in; QR codes and all else stay ES256")
    ] = Suite.ES256,
    registrar: Annotated[
        str, typer.Option(help="Id of the first officer (registrar and bureau admin)")
    ] = "registrar-1",
    approver: Annotated[str, typer.Option(help="Id of the second officer (approver)")] = "approver-1",
    post_id: Annotated[str, typer.Option(help="Id of the first post")] = "post-1",
    place: Annotated[str, typer.Option(help="Place name of the first post, as wallets show it")] = "样例站一号口",
    site_kind: Annotated[str, typer.Option(help="Site kind of the first post")] = "police-spot-check",
) -> None:
    """初始化：根、签名密钥、信任列表、数据库、两名民警、一个岗位 · Found a home: roots, keys, trust list, database, officers, a post."""
    from api.cli.passphrase import with_passphrase
    from api.wiring.founding import FirstPost, found_home
    from issuer.founding import FoundingPlan
    from issuer.officers import Role, make_officer

    session = session_of(context)
    named = {
        "bureau": bureau,
        "name_zh": name_zh,
        "name_en": name_en,
        "division": division,
        "operator_zh": operator_zh,
        "operator_en": operator_en,
        "contact": contact,
    }
    missing = [f"--{name.replace('_', '-')}" for name, value in named.items() if not value]
    if real and missing:
        raise typer.BadParameter(f"with --real nothing is made up; name {' '.join(missing)}")
    facts = {name: value or SPECIMEN[name] for name, value in named.items()}
    settings = with_passphrase(session.settings, is_new=True)
    plan = FoundingPlan(
        **facts,
        country=COUNTRY,
        public_url=settings.url,
        specimen=not real,
        suite=SUITES[suite],
        status_signer_eku=settings.status_signer_eku,
    )
    code = plan.bureau
    # The admin comes last: from then on officers are added by one.
    officers = (
        make_officer(code, approver, approver, [Role.APPROVER]),
        make_officer(code, registrar, registrar, [Role.REGISTRAR, Role.BUREAU_ADMIN]),
    )
    with session.output.progress("init", STEPS) as progress:
        founded = found_home(
            settings,
            plan,
            officers=officers,
            post=FirstPost(post_id, place, site_kind),
            clock=session.clock,
            entropy=session.entropy,
            progress=progress,
        )
    result = {
        "home": str(session.settings.home),
        "specimen": plan.specimen,
        "bureau": code,
        "suite": suite.value,
        "officers": [officer.officer_id for officer in officers],
        "post": post_id,
        "post_kit": str(founded.post_kit),
        "root": str(founded.root),
        "trust_list_number": founded.trust_list_number,
    }
    mark = "样证 · SPECIMEN" if plan.specimen else "正式 · REAL"
    lines = [
        f"{mark}: {plan.name_zh} · {plan.name_en} ({code})",
        f"目录 · home:            {session.settings.home}",
        f"信任根 · root to pin:   {founded.root}",
        f"算法 · suite (online): {plan.suite.name}",
        f"民警 · officers:        {registrar}, {approver}",
        f"岗位 · post:            {post_id} ({place}), 密钥包 · kit: {founded.post_kit}",
    ]
    session.output.result(result, lines)
