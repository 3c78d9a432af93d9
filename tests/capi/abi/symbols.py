#!/usr/bin/env python3
"""symbols.py NM LIBRARY TABLE: whether a library exports exactly the symbols of the table, with their versions."""
import subprocess
import sys


def main():
    nm, library, table = sys.argv[1:]
    listing = subprocess.run([nm, "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    # The version nodes themselves are symbols too (kind A).
    found = {line.split()[-1] for line in listing.splitlines() if line.split()[-2] != "A"}
    wanted = set(open(table).read().split())
    for name in sorted(wanted - found):
        print("missing:", name)
    for name in sorted(found - wanted):
        print("not in the table:", name)
    print(len(found), "symbols")
    return 0 if found == wanted else 1


sys.exit(main())
