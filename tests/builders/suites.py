"""Document signers of each suite, and a way to run one test under each of them.

A test module of the online forms says ``pytestmark = pytest.mark.usefixtures("each_suite")``; the issuers of the builders
then sign in the suite of the round, and the tests stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

from keys.algorithms import ALGORITHMS, ES256, Algorithm
from keys.certificates import Root, Validity, build_document_signer
from keys.signing import InProcessSigner, LocalSigner, signer_from_secret
from tests.builders.trust import BUREAU, LEAF_VALIDITY, PUBLIC_URL, bureau_subject, document_signer, national_root
from tests.fakes.seeded_entropy import SeededEntropy

_round = [ES256]


def suite() -> Algorithm:
    """The suite of this round."""
    return _round[-1]


@contextmanager
def under(algorithm: Algorithm) -> Iterator[None]:
    """Run what is inside in this suite."""
    _round.append(algorithm)
    yield
    _round.pop()


def suite_signer(algorithm: Algorithm, name: str = "document") -> LocalSigner:
    """The same key of a suite for the same name, in every run; without a certificate."""
    return signer_from_secret(algorithm, sha256(b"test key " + name.encode()).digest())


def document_signer_of(
    algorithm: Algorithm,
    root: Root | None = None,
    name: str = "document",
    *,
    bureau: str = BUREAU,
    validity: Validity = LEAF_VALIDITY,
    public_url: str = PUBLIC_URL,
) -> LocalSigner:
    """A bureau's document signer in a suite, with its certificate under a P-256 root."""
    signer = suite_signer(algorithm, name)
    certificate = build_document_signer(
        root or national_root(),
        signer.point,
        bureau_subject(bureau),
        validity,
        public_url=public_url,
        entropy=SeededEntropy(name),
        algorithm=algorithm,
    )
    return signer.with_certificates(certificate)


def signers_of_each_suite(root: Root | None = None, name: str = "document") -> dict[str, LocalSigner]:
    """One document signer of each suite of the table, by the suite's name, all of one bureau under one root."""
    return {algorithm.name: document_signer_of(algorithm, root, name) for algorithm in ALGORITHMS}


class SuiteSigner(InProcessSigner):
    """A document signer whose key is that of the round's suite, with a certificate for each.

    It is typed as the baseline's, which it is outside such a round.
    """

    def __init__(self, root: Root, name: str = "document", *, bureau: str = BUREAU) -> None:
        first = document_signer(root, name, bureau=bureau)
        super().__init__(first.private_key, b"", b"")
        object.__setattr__(self, "made", {ES256: first})
        object.__setattr__(self, "make", lambda algorithm: document_signer_of(algorithm, root, name, bureau=bureau))

    made: dict[Algorithm, LocalSigner]
    make: Callable[[Algorithm], LocalSigner]

    @property
    def now(self) -> LocalSigner:
        """The signer of this round."""
        if suite() not in self.made:
            self.made[suite()] = self.make(suite())
        return self.made[suite()]

    def __getattribute__(self, name: str) -> object:
        if name in _OF_THE_ROUND:
            return getattr(object.__getattribute__(self, "now"), name)
        return object.__getattribute__(self, name)


_OF_THE_ROUND = frozenset({"algorithm", "key_id", "point", "certificates", "sign", "secret", "with_certificates"})
