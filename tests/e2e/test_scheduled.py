"""Scheduled runs: what is not automated waits for somebody to ask."""

from tests.e2e.workbench import Workbench, config_map

TWO = """
def application(name, **sync):
    here = Destination("dev", namespace=NAMESPACE)
    return Application(name, source=GitSource(REPO, path=name), destinations=[here], sync=SyncPolicy(**sync))

fleet = Fleet(applications=[application("automated", automated=True), application("manual")])
"""


def test_a_scheduled_run_deploys_what_is_automated_and_nothing_else(bench: Workbench) -> None:
    bench.declare(TWO)
    bench.commit({f"{name}/a.yaml": config_map(name, key="1") for name in ("automated", "manual")})
    bench.up()
    bench.commit({f"{name}/a.yaml": config_map(name, key="2") for name in ("automated", "manual")})
    bench.extra_environment["FLEET_SCHEDULED"] = "true"
    bench.up("--refresh")
    assert (bench.config_map("dev", "automated"), bench.config_map("dev", "manual")) == ({"key": "2"}, {"key": "1"})
    bench.run("preview", "--expect-no-changes")
    del bench.extra_environment["FLEET_SCHEDULED"]
    bench.up()
    assert bench.config_map("dev", "manual") == {"key": "2"}
