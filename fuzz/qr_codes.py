"""Fuzz target: the QR token, the printed card, and what a reader shows of them."""

from fuzz.runner import run

if __name__ == "__main__":
    run("qr_codes")
