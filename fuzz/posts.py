"""Fuzz target: what a post carries: challenge, licence, policy, bundle and its parts."""

from fuzz.runner import run

if __name__ == "__main__":
    run("posts")
