"""Charts in Git that name other charts: from chart repositories, registries and the same repository."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from fleet.errors import FleetError, Where
from tests.render.chart_servers import Packer, Site, basic
from tests.render.world import Repo, World, config_map, names

pytestmark = pytest.mark.usefixtures("on_path")


def chart(name: str, version: str = "1.0.0", dependencies: object = (), *, api: str = "v2") -> dict[str, str | bytes]:
    """The files of a chart with one ConfigMap. JSON is YAML, too."""
    told = {"apiVersion": api, "name": name, "version": version, "dependencies": list(dependencies)}  # type: ignore[call-overload]
    template = config_map("{{ .Chart.Name }}", version="{{ .Chart.Version | quote }}")
    return {"Chart.yaml": json.dumps(told), "templates/config.yaml": template}


def at(path: str, files: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    return {f"{path}/{name}": content for name, content in files.items()}


def needs(name: str, version: str, repository: str, **more: object) -> dict[str, object]:
    return {"name": name, "version": version, "repository": repository, **more}


def versions(world: World, repo: Repo, path: str = "app") -> dict[str, str]:
    return {each.name: each.body["data"]["version"] for each in world.render(str(repo.path), path)}


def failure(world: World, repo: Repo, path: str = "app") -> str:
    with pytest.raises(FleetError) as caught:
        world.render(str(repo.path), path, used_by=Where(application="shop"))
    return str(caught.value)


def lock(packer: Packer, repo: Repo, path: str = "app") -> bytes:
    """Have helm itself make a chart's lock, and leave nothing else."""
    packer.run("dependency", "update", str(repo.path / path))
    for archive in (repo.path / path / "charts").glob("*.tgz"):
        archive.unlink()
    (found,) = (repo.path / path).glob("*.lock")
    return found.read_bytes()


def test_what_is_missing_comes_from_repositories_and_registries(
    world: World, repo: Repo, packer: Packer, site: Site, registry: str
) -> None:
    packer.pack("db", "1.0.0", "1.4.0", "2.0.0")
    packer.push(f"{registry}/team", "queue", "0.3.0")
    wanted = [needs("db", "^1.0", site.charts), needs("queue", "0.3.0", f"oci://{registry}/team")]
    repo.commit(at("app", chart("app", "1.0.0", wanted)))
    assert versions(world, repo) == {"app": "1.0.0", "web-db": "1.4.0", "web-queue": "0.3.0"}
    assert world.warned == ["the chart app has no Chart.lock: its dependencies are the newest that fit, in every run"]
    packer.pack("db", "1.5.0")
    assert versions(world, repo)["web-db"] == "1.5.0"


def test_a_chart_that_has_all_asks_nobody(world: World, repo: Repo, packer: Packer, site: Site) -> None:
    packer.pack("db", "1.0.0")
    archive = (packer.directory / "db-1.0.0.tgz").read_bytes()
    wanted = [needs("db", "2.0.0", site.charts), needs("part", "2.0.0", site.charts)]
    vendored = {"app/charts/db-1.0.0.tgz": archive, **at("app/charts/any", chart("part", "0.1.0"))}
    repo.commit({**at("app", chart("app", "1.0.0", wanted)), **vendored})
    assert versions(world, repo) == {"app": "1.0.0", "web-db": "1.0.0", "part": "0.1.0"}
    assert site.requests == []


def test_only_what_is_missing_is_added(world: World, repo: Repo, packer: Packer, site: Site) -> None:
    packer.pack("db", "1.0.0", "1.1.0")
    packer.pack("queue", "1.0.0")
    archive = (packer.directory / "db-1.0.0.tgz").read_bytes()
    wanted = [needs("db", "1.x", site.charts), needs("queue", "1.0.0", site.charts)]
    repo.commit({**at("app", chart("app", "1.0.0", wanted)), "app/charts/db-1.0.0.tgz": archive})
    assert versions(world, repo) == {"app": "1.0.0", "web-db": "1.0.0", "web-queue": "1.0.0"}


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_lock_decides(world: World, repo: Repo, packer: Packer, site: Site, api: str) -> None:
    packer.pack("db", "1.0.0", "1.1.0")
    wanted = [
        needs("db", ">=1.0 <2", site.charts, alias="store", condition="store.on", tags=["a", "b"],
              **{"import-values": [{"parent": "z", "child": "a"}, "plain"]}),
    ]  # fmt: skip
    files = chart("app", "1.0.0", wanted, api=api)
    if api == "v1":
        told = json.loads(files["Chart.yaml"])
        files["requirements.yaml"] = json.dumps({"dependencies": told.pop("dependencies")})
        files["Chart.yaml"] = json.dumps(told)
    repo.commit(at("app", files))
    repo.commit({f"app/{'Chart' if api == 'v2' else 'requirements'}.lock": lock(packer, repo)})
    packer.pack("db", "1.2.0")
    assert versions(world, repo) == {"app": "1.0.0", "web-store": "1.1.0"}
    assert world.warned == []
    name = "requirements.yaml" if api == "v1" else "Chart.yaml"
    text = str(files[name]).replace(">=1.0", ">=1.1")
    repo.commit({f"app/{name}": text})
    lock_name = "requirements.lock" if api == "v1" else "Chart.lock"
    assert failure(world, repo) == (
        f"app/{name}, application shop: {lock_name} does not fit the dependencies in {name}\n"
        "  → Run `helm dependency update` in the chart, and commit Chart.lock."
    )


def test_with_a_lock_and_a_cache_no_network_is_needed(world: World, repo: Repo, packer: Packer, site: Site) -> None:
    packer.pack("db", "1.0.0")
    repo.commit(at("app", chart("app", "1.0.0", [needs("db", "1.x", site.charts)])))
    repo.commit({"app/Chart.lock": lock(packer, repo)})
    first = versions(world, repo)
    asked = len(site.requests)
    site.closed = True
    repo.commit({"app/values.yaml": "a: 1\n"})
    assert versions(world, repo) == first
    assert len(site.requests) == asked


def test_one_chart_may_be_needed_several_times(world: World, repo: Repo, packer: Packer, site: Site) -> None:
    template = {"templates/config.yaml": config_map("{{ .Chart.Name }}", version="{{ .Chart.Version | quote }}")}
    packer.pack("db", "1.0.0", "2.0.0", files=template)
    wanted = [
        needs("db", "1.0.0", site.charts, alias="first"),
        needs("db", "1.0.0", site.charts, alias="second"),
        needs("db", "2.0.0", site.charts, alias="third"),
        needs("db", "1.0.0", site.charts, alias="unused", condition="unused.enabled"),
    ]
    files = at("app", chart("app", "1.0.0", wanted)) | {"app/values.yaml": "unused: {enabled: false}\n"}
    repo.commit(files)
    assert versions(world, repo) == {"app": "1.0.0", "first": "1.0.0", "second": "1.0.0", "third": "2.0.0"}


def test_charts_beside_it_come_with_what_they_need(world: World, repo: Repo, packer: Packer, site: Site) -> None:
    packer.pack("db", "1.0.0")
    below = [needs("base", "1.x", "file://../base"), needs("db", "1.0.0", site.charts)]
    repo.commit(
        {
            **at("apps/app", chart("app", "1.0.0", [needs("lib", ">=1", "file://../../libs/lib")])),
            **at("libs/lib", chart("lib", "1.2.0", below)),
            **at("libs/base", chart("base", "1.0.0")),
        }
    )
    repo.link("libs/lib/files/shared.txt", "../../../shared.txt")
    repo.link("libs/lib/values.yaml", "files/values.yaml")
    repo.commit({"shared.txt": "shared", "libs/lib/files/values.yaml": "a: 1\n"})
    template = config_map("x", text='{{ .Files.Get "files/shared.txt" }}', a="{{ .Values.a | quote }}")
    repo.commit({"libs/lib/templates/x.yaml": template})
    found = world.render(str(repo.path), "apps/app")
    assert sorted(names(found)) == ["app", "base", "lib", "web-db", "x"]
    files = {each.name: each.where.file for each in found}
    assert (files["lib"], files["base"]) == ("libs/lib/templates/config.yaml", "libs/base/templates/config.yaml")
    (x,) = (each for each in found if each.name == "x")
    assert x.body["data"] == {"text": "shared", "a": "1"}
    repo.commit({"libs/base/templates/bad.yaml": '{{ fail "no" }}'})
    assert failure(world, repo, "apps/app").startswith(
        "libs/base/templates/bad.yaml:1, application shop: helm template"
    )


def test_repositories_may_be_called_as_helm_calls_them(
    world: World, repo: Repo, packer: Packer, site: Site, tmp_path: Path
) -> None:
    packer.pack("db", "1.0.0")
    repo.commit(
        at(
            "app",
            chart("app", "1.0.0", [needs("db", "1.0.0", "@ours"), needs("db", "1.0.0", "alias:ours", alias="other")]),
        )
    )
    assert failure(world, repo) == (
        "app/Chart.yaml, application shop: dependency db is in @ours, which helm does not know here\n"
        "  → Write the repository's URL; or, on every machine: helm repo add ours <url>"
    )
    file = tmp_path / "home/.config/helm/repositories.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"repositories:\n- name: ours\n  url: {site.charts}\n")
    assert versions(world, repo)["web-db"] == "1.0.0"


OLDER = (
    "dependency lib is to be version 2.x\n  The chart in lib is version 1.0.0.\n"
    "  → Run `helm dependency update` in the chart, and commit Chart.lock."
)
LOCAL = "dependency lib is not at file://"


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        (needs("db", "3.x", "{}"), "chart repository {0} has no version 3.x of chart db\n  Its newest: 1.0.0."),
        (needs("dbs", "1.x", "{}"), "chart repository {0} has no chart dbs\n  It has db.\n  → Did you mean db?"),
        (needs("lib", "1", "file://../none"), LOCAL + "../none\n  There is no directory none."),
        (needs("lib", "1", "file://../../x"), LOCAL + "../../x\n  That is not in the repository."),
        (needs("lib", "1", "file:///etc"), LOCAL + "/etc\n  That is not in the repository."),
        (needs("app", "1", "file://../app"), "dependency app leads back to chart app"),
        (
            needs("lib", "2.x", "file://../lib"),
            OLDER,
        ),
        (needs("db", "1", "stable"), "stable is not the address of a chart repository\n  It names no host.\n"),
    ],
)
def test_what_is_said(
    *, world: World, repo: Repo, packer: Packer, site: Site, dependency: dict[str, str], expected: str
) -> None:
    packer.pack("db", "1.0.0")
    dependency = dependency | {"repository": dependency["repository"].format(site.charts)}
    repo.commit({**at("app", chart("app", "1.0.0", [dependency])), **at("lib", chart("lib"))})
    assert failure(world, repo).startswith(f"app/Chart.yaml, application shop: {expected.format(site.charts)}")


def test_a_dependency_may_be_behind_a_password(
    world: World, repo: Repo, packer: Packer, site: Site, tmp_path: Path
) -> None:
    packer.pack("db", "1.0.0")
    site.closed = True
    repo.commit(at("app", chart("app", "1.0.0", [needs("db", "1.0.0", site.charts)])))
    assert "no access to chart repository" in failure(world, repo)
    user, password = "deployer", "s3cret/w0rd"
    assert basic(user, password) == basic()
    file = tmp_path / "home/.config/helm/repositories.yaml"
    file.parent.mkdir(parents=True)
    entry = {"name": "ours", "url": site.charts, "username": user, "password": password}
    file.write_text(json.dumps({"repositories": [entry]}))
    assert versions(world, repo)["web-db"] == "1.0.0"
