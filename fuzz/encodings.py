"""Fuzz target: base45, base64url, JSON and CBOR, ours and others'."""

from fuzz.runner import run

if __name__ == "__main__":
    run("encodings")
