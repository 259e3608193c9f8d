"""Fuzz target: the messages of OAuth and OpenID4VCI, and a line of a batch."""

from fuzz.runner import run

if __name__ == "__main__":
    run("messages")
