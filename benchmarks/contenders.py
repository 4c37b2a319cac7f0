"""The contenders that there are, and those of them that this machine has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmarks import kapp, kubectl, pulumi_cli
from benchmarks.contender import Contender
from benchmarks.errors import BenchmarkError
from benchmarks.fleet_cli import FleetCli
from benchmarks.raw import RawLoop

# None of a find function: the program is not on PATH, and nobody has to have it.
CONTENDERS: Mapping[str, Callable[[], Contender | None]] = MappingProxyType(
    {"fleet": FleetCli, "kubectl": kubectl.find, "raw": RawLoop, "kapp": kapp.find, "pulumi": pulumi_cli.find}
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who takes part. left_out: the names of those that are not on PATH, and were not asked for."""

    contenders: tuple[Contender, ...]
    left_out: tuple[str, ...]


def choose(only: tuple[str, ...]) -> Chosen:
    """Return these contenders, or all for no names. Raises BenchmarkError where one that was asked for is not there."""
    found = {name: find() for name, find in CONTENDERS.items() if name in only or not only}
    absent = tuple(name for name, each in found.items() if each is None)
    if only and absent:
        raise BenchmarkError(f"not on PATH: {', '.join(absent)}; install it, or leave it out")
    return Chosen(tuple(each for each in found.values() if each is not None), absent)
