"""`python -m testtools`: build the programs, if they are not cached, and print the directory that they are in."""

import sys

from localclusters.errors import BuildError
from testtools.binaries import ensure_tools

if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ensure_tools()}\n")
    except BuildError as error:
        sys.exit(f"error: {error}")
