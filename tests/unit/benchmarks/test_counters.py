"""What is read from an API server's metrics; the lines are such as Kubernetes 1.36 answers."""

from collections import Counter

import pytest

from benchmarks.counters import Counters, parse, writes


def sample(number: str, **labels: str) -> str:
    """Return a line of metrics with all the labels that an API server writes, in its order."""
    every = {
        "code": "200",
        "component": "apiserver",
        "dry_run": "",
        "group": "",
        "resource": "configmaps",
        "scope": "resource",
        "subresource": "",
        "verb": "APPLY",
        "version": "v1",
    }
    written = ",".join(f'{name}="{value}"' for name, value in (every | labels).items())
    return f"apiserver_request_total{{{written}}} {number}"


METRICS = "\n".join(
    [
        "# HELP apiserver_request_total [STABLE] Counter of apiserver requests",
        "# TYPE apiserver_request_total counter",
        sample("12", verb="GET", resource="", scope="", subresource="openapi/v3", component=""),
        sample("1", verb="LIST", scope="cluster"),
        sample("2", verb="LIST", scope="namespace"),
        sample("1e+03", code="201"),
        sample("7", dry_run="All"),
        sample("33", verb="PUT", resource="leases", group="coordination.k8s.io"),
        sample("4", verb="LIST", resource="services", scope="cluster"),
        sample("2", verb="LIST", resource="services", scope="namespace"),
        sample("5", verb="LIST", resource="deployments", scope="namespace", group="apps"),
        sample("20", verb="POST", resource="ipaddresses", group="networking.k8s.io"),
        sample("6", verb="WATCH", scope="cluster"),
        sample("8", verb="GET", resource="namespaces"),
        sample("9", verb="DELETE", resource="secrets"),
        'apiserver_request_terminations_total{code="200",resource="configmaps",verb="LIST"} 5',
        "process_cpu_seconds_total 3.25",
        "process_cpu_seconds_total_more 9",
    ]
)


def test_requests_are_counted_by_verb_and_dry_runs_apart() -> None:
    assert parse(METRICS).calls == {
        "LIST": 10,
        "APPLY": 1000,
        "APPLY (dry run)": 7,
        "GET": 8,
        "DELETE": 9,
    }


def test_processor_time_is_read() -> None:
    assert parse(METRICS).cpu_s == pytest.approx(3.25)


def test_nothing_in_nothing() -> None:
    assert parse("") == Counters()


def test_a_difference_leaves_out_what_did_not_happen() -> None:
    before = Counters(Counter(APPLY=5, LIST=1), 1.0)
    after = Counters(Counter(APPLY=8, LIST=1, GET=2), 2.5)
    assert after - before == Counters(Counter(APPLY=3, GET=2), 1.5)


def test_servers_are_added_up() -> None:
    assert Counters(Counter(APPLY=5), 1.0) + Counters(Counter(APPLY=1, GET=2), 0.5) == Counters(
        Counter(APPLY=6, GET=2), 1.5
    )


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        *((verb, 4) for verb in ("APPLY", "POST", "PUT", "PATCH", "DELETE", "DELETECOLLECTION")),
        *((verb, 0) for verb in ("GET", "LIST", "WATCH", "APPLY (dry run)")),
    ],
)
def test_writes_are_told_from_reads(verb: str, expected: int) -> None:
    assert writes(Counter({verb: 4})) == expected
