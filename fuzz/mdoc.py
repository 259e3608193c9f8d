"""Fuzz target: the mdoc: device response, issuer-signed part, MSO, session transcript."""

from fuzz.runner import run

if __name__ == "__main__":
    run("mdoc")
