"""Fuzz target: SD-JWT VC, its disclosures and its key binding."""

from fuzz.runner import run

if __name__ == "__main__":
    run("sd_jwt")
