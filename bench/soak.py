"""``make soak``: a million verifications in one process, every form in turn, and what that does to its memory.

``python -m bench.soak [--verifications N] [--samples N]``

Every presentation is new and by a holder not seen before; the clock moves on, so that the replay memory forgets as it
does at a post; one in ten is tampered with. Each verdict is demanded.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.proving import ProofFailed, flipped
from bench.scenes import mdoc, qr_code, sd_jwt_vc
from core.reasons import Colour
from formats import qr_token, signature_checks
from formats.encoding import base64url
from formats.mdoc.device_response import present
from formats.sd_jwt.key_binding import bind
from formats.sd_jwt_vc import select
from keys.signing import InProcessSigner
from tests.builders import qr, trust
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.decision import judge
from verifier.checkpoint.expected import OneWay
from verifier.checkpoint.replay import InMemorySeen
from verifier.checkpoint.verdict import Verdict
from verifier.checks.case import ExpectedBinding
from verifier.checks.mdoc.case import ExpectedSession
from verifier.mdoc_verification import verify_device_response
from verifier.verification import verify_presentation

_MILLION: Final = 1_000_000
_SAMPLES: Final = 9
_HOLDERS: Final = 1_000
_PER_SECOND: Final = 40
_SEEN: Final = 1_200
"""Places of the replay memory: a few more than live codes at this pace, so that it fills and forgets all the time."""
_WARM: Final = 5_000
_TAMPERED_EVERY: Final = 10
_ALLOWED_BYTES: Final = 2 << 20
"""What memory may grow by over the whole run: two arenas of Python's allocator. Eight bytes kept of each of a million
verifications would be four times that."""

Verification = Callable[[InProcessSigner, int, bool], Verdict]
"""Shows something new by this holder, so many seconds on, tampered with or not; returns the verdict on it."""


class Sample(NamedTuple):
    """The memory of this process after so many verifications."""

    verifications: int
    resident_bytes: int


def verifications() -> Sequence[Verification]:
    """Return one verification for each form, all with everything switched on."""
    desk, post, seen = sd_jwt_vc.a_desk(sd_jwt_vc.the_issuer()), qr_code.a_post(), InMemorySeen(_SEEN)

    def sd_jwt(holder: InProcessSigner, later: int, tamper: bool) -> Verdict:
        selected = select(sd_jwt_vc.issued(sd_jwt_vc.the_issuer(), holder=holder), [(name,) for name in sd_jwt_vc.FIVE])
        now = trust.NOW + later
        text = bind(selected, nonce=sd_jwt_vc.NONCE, audience=sd_jwt_vc.AUDIENCE, now=now, signer=holder)
        if tamper:
            head, _, signature = text.rpartition(".")
            text = f"{head}.{base64url.encode(flipped(base64url.decode(signature), 40))}"
        return verify_presentation(
            text,
            expected=ExpectedBinding(sd_jwt_vc.NONCE, sd_jwt_vc.AUDIENCE),
            trust=desk.trust,
            statuses=desk.statuses,
            policy=desk.policy,
            clock=ReaderClock(now, doubtful=False, confirmed=True),
        )

    def device_response(holder: InProcessSigner, later: int, tamper: bool) -> Verdict:
        transcript = mdoc.the_transcript()
        issued = mdoc.issued(sd_jwt_vc.the_issuer(), holder)
        data = present(issued, mdoc.FIVE, transcript=transcript, signer=holder)
        return verify_device_response(
            flipped(data, -20) if tamper else data,
            expected=ExpectedSession(transcript),
            trust=desk.trust,
            statuses=desk.statuses,
            policy=desk.policy,
            clock=ReaderClock(trust.NOW + later, doubtful=False, confirmed=True),
        )

    def qr_code_shown(holder: InProcessSigner, later: int, tamper: bool) -> Verdict:
        now, name = qr.NOW + later, holder.key_id.hex()
        copy = qr.issue(person=qr_code.a_holder(), holder=holder, seed=name)
        text = qr.show_one_way(copy, groups=qr_code.NAME_ONLY.required, now=now, seed=name)
        if tamper:
            text = qr_token.encode(flipped(qr_token.decode(text), -20))
        return signature_checks.run(
            judge(
                text,
                trust=post.bundle.trust,
                statuses=post.statuses,
                policy=post.bundle.policies[qr_code.NAME_ONLY.policy_id],
                expected=OneWay(),
                clock=ReaderClock(now, doubtful=False, confirmed=True),
                seen=seen,
                training=True,
            )
        )

    return sd_jwt, device_response, qr_code_shown


def soak(count: int, *, samples: int, forms: Sequence[Verification]) -> Iterator[Sample]:
    """Verify so many times and yield the memory: first when warm, then ``samples`` times at equal distances.

    Raises ProofFailed for a verdict other than GREEN, or than RED on what was tampered with.
    """
    draw = random.Random("holders")
    holders = [InProcessSigner.generate() for _ in range(_HOLDERS)]
    warm = min(max(count // 10, _WARM), count // 2)
    step = max(1, (count - warm) // samples)
    for number in range(1, count + 1):
        tamper = number % _TAMPERED_EVERY == 0
        holder = _drawn(holders, draw)
        verdict = forms[number % len(forms)](holder, number // _PER_SECOND, tamper)
        if verdict.colour is not (Colour.RED if tamper else Colour.GREEN):
            codes = ", ".join(reason.code for reason in verdict.reasons)
            raise ProofFailed(f"verification {number} is {verdict.colour.value}: {codes}")
        if number >= warm and (number - warm) % step == 0:
            yield Sample(number, resident_bytes())


def _drawn(holders: list[InProcessSigner], draw: random.Random) -> InProcessSigner:
    # Whoever is drawn makes room for somebody new: no holder comes back, and the pool stays as large as it is.
    place = draw.randrange(len(holders))
    drawn, holders[place] = holders[place], InProcessSigner.generate()
    return drawn


def resident_bytes() -> int:
    """Return the resident memory of this process, cyclic garbage collected first."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def slope(samples: Sequence[Sample]) -> float:
    """Return by how many bytes memory grows with one verification: the least-squares line through the samples."""
    mean_x = sum(sample.verifications for sample in samples) / len(samples)
    mean_y = sum(sample.resident_bytes for sample in samples) / len(samples)
    spread = sum((sample.verifications - mean_x) ** 2 for sample in samples)
    return sum((s.verifications - mean_x) * (s.resident_bytes - mean_y) for s in samples) / spread


def main(arguments: list[str], *, forms: Sequence[Verification] | None = None) -> int:
    """Run and print; return 0, or 1 when memory grows or a verdict is another than demanded."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    parser.add_argument("--verifications", type=int, default=_MILLION)
    parser.add_argument("--samples", type=int, default=_SAMPLES, help="how often memory is looked at (default 9)")
    options = parser.parse_args(arguments)
    found: list[Sample] = []
    try:
        for sample in soak(options.verifications, samples=options.samples, forms=forms or verifications()):
            found.append(sample)
            print(f"{sample.verifications:>11,} verifications  {sample.resident_bytes / 2**20:8.1f} MiB", flush=True)
    except ProofFailed as err:
        print(f"stopped: {err}", file=sys.stderr)
        return 1
    rate, span = slope(found), found[-1].verifications - found[0].verifications
    flat = rate * span <= _ALLOWED_BYTES
    print(f"{rate:+.2f} bytes for each verification, {rate * span / 2**20:+.2f} MiB: {'flat' if flat else 'it grows'}")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
