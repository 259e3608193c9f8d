"""Fuzz target: certificates, trust lists and status lists."""

from fuzz.runner import run

if __name__ == "__main__":
    run("trust")
