"""Fuzz target: compact JWS, JWK, key proofs and DPoP."""

from fuzz.runner import run

if __name__ == "__main__":
    run("jose")
