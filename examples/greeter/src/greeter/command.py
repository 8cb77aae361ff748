"""The `greet` command."""

import argparse
import json
from greeter.greeting import greet_all


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="greet")
    parser.add_argument("names", nargs="+")
    parser.add_argument("--hour", type=int, default=9)
    parser.add_argument("--language", choices=["en","fil"], default="en")
    chosen = parser.parse_args(argv)
    for line in greet_all(chosen.names, hour=chosen.hour, language=chosen.language):
        print(line)
    return 0
