"""Fuzz target: whole judgements: every text and all bytes give a verdict."""

from fuzz.runner import run

if __name__ == "__main__":
    run("verdicts")
