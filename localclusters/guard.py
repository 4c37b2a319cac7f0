"""A process that waits for another one's end and then takes its clusters down: `localclusters.guard FD FOLDER REMOVE`.

It learns of the end from a pipe whose other side only that process holds. Whatever it is asked by a signal, it waits:
the clusters must not outlive the program that wanted them for itself.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from localclusters.clusters import LocalClusters
from localclusters.progress import silent


def main(descriptor: int, folder: Path, *, remove_folder: bool) -> None:
    """Wait for the end of the pipe, then take the clusters of the folder down."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.read(descriptor, 1)
    LocalClusters(folder, progress=silent).down()
    if remove_folder:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), remove_folder=sys.argv[3] == "True")
