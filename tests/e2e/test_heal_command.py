"""With Pulumi, which knows no self_heal, drift is healed by a command line that leaves out what is to be left alone."""

import shlex
from collections.abc import Mapping

from tests.e2e.workbench import Embedded, Workbench, config_map

APPLICATIONS = """
def application(name, self_heal, cluster):
    here = Destination(cluster, namespace=NAMESPACE)
    sync = SyncPolicy(prune=True, self_heal=self_heal)
    return Application(f"{name}-{cluster}", source=GitSource(REPO, path=name), destinations=[here], sync=sync)

fleet = Fleet(applications=[
    application("healed", True, "dev"), application("left", False, "dev"), application("left", False, "prod")
])
"""
DRIFTED = {"key": "somebody's"}


def drift_everywhere(bench: Workbench) -> None:
    for cluster, name in (("dev", "healed"), ("dev", "left"), ("prod", "left")):
        bench.patch(cluster, f"/api/v1/namespaces/{bench.namespace}/configmaps/{name}", {"data": DRIFTED})


def there(bench: Workbench) -> Mapping[str, object]:
    places = (("dev", "healed"), ("dev", "left"), ("prod", "left"))
    return {f"{cluster}/{name}": bench.config_map(cluster, name) for cluster, name in places}


def printed_by(bench: Workbench) -> tuple[str, str]:
    """Return the command line that `fleet heal-command` prints, and what else it says."""
    command, *words = bench.execute(Embedded().command("heal-command")).text.splitlines()
    return command, "\n".join(words)


def test_d_the_printed_command_heals_one_application_and_leaves_the_other(with_pulumi: Workbench) -> None:
    with_pulumi.declare(APPLICATIONS)
    with_pulumi.commit({f"{name}/{name}.yaml": config_map(name, key="1") for name in ("healed", "left")})
    with_pulumi.up()
    drift_everywhere(with_pulumi)
    line, words = printed_by(with_pulumi)
    assert line.startswith("pulumi up --stack test --refresh ")
    assert words == "leaves out 2 objects of applications with self_heal off"
    with_pulumi.execute(shlex.split(line))
    assert there(with_pulumi) == {"dev/healed": {"key": "1"}, "dev/left": DRIFTED, "prod/left": DRIFTED}


def test_d_the_command_is_made_from_the_state_of_either_engine(embedded: Workbench) -> None:
    embedded.declare(APPLICATIONS)
    embedded.commit({f"{name}/{name}.yaml": config_map(name, key="1") for name in ("healed", "left")})
    embedded.up()
    line, _ = printed_by(embedded)
    urn = "urn:pulumi:test::fleet::fleet:index:Application$kubernetes:core/v1:ConfigMap::{}/{}/left"
    excluded = [urn.format(cluster, embedded.namespace) for cluster in ("dev", "prod")]
    flags = ["--refresh", "--skip-preview", "--yes", "--continue-on-error"]
    words = [word for each in excluded for word in ("--exclude", each)]
    assert shlex.split(line) == ["pulumi", "up", "--stack", "test", *flags, *words]
    embedded.declare(APPLICATIONS.replace("False", "True"))
    embedded.up()
    assert printed_by(embedded) == ("pulumi up --stack test " + " ".join(flags), "leaves out nothing")
