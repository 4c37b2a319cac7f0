"""Charts from repositories over HTTP and from OCI registries: versions, and the cache."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fleet.model.plan import Revision
from fleet.render.charts.charts import Charts
from tests.render.chart_servers import Packer, Runs, Site, serve, serve_registry


@pytest.fixture(scope="module")
def shelf(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A chart repository and a registry that have VERSIONS."""
    base = tmp_path_factory.mktemp("shelf")
    (base / "packed").mkdir()
    packer = Packer(tools / "helm", base / "sources", base / "packed")
    packer.pack("web", *VERSIONS)
    with serve(Site(packer.directory)) as site, serve_registry(tools / "crane") as host:
        for version in VERSIONS:
            packer.push_archive(f"{host}/team", packer.directory / f"web-{version}.tgz")
        yield site.charts, f"oci://{host}/team"


VERSIONS = ("1.0.0", "1.2.0", "1.10.1", "2.0.0-rc.1", "2.0.0+build.5")


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("1.2.0", "1.2.0"),
        ("v1.2.0", "1.2.0"),
        ("1.2", "1.2.0"),
        ("1.x", "1.10.1"),
        ("*", "2.0.0+build.5"),
        ("^1.0.0 <1.5", "1.2.0"),
        (">=2.0.0-0 <2.0.0", "2.0.0-rc.1"),
        ("2.0.0", "2.0.0+build.5"),
        ("2.0.0+build.5", "2.0.0+build.5"),
    ],
)
def test_a_version_is_what_helm_takes(shelf: tuple[str, str], runs: Runs, name: str, version: str) -> None:
    assert [runs.resolve(repo, "web", name) for repo in shelf] == [version, version]


@pytest.mark.parametrize(
    ("form", "chart"),
    [
        ("oci://{}/team/charts", "web"),
        ("{}/team/charts", "web"),
        ("oci://{}", "team/charts/web"),
        ("{}", "team/charts/web"),
    ],
    ids=["scheme", "as Argo CD has it", "path in the chart", "both"],
)
def test_a_registry_is_written_as_helm_or_argo_cd_do(
    packer: Packer, registry: str, runs: Runs, form: str, chart: str
) -> None:
    packer.push(f"{registry}/team/charts", "web", "1.0.0")
    assert runs.resolve(form.format(registry), chart, "1.0.0") == "1.0.0"


def test_an_exact_version_is_fetched_once_and_then_needs_no_network(packer: Packer, site: Site, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    runs.resolve(site.charts, "web", "1.0.0")
    assert site.requests == ["200 /charts/index.yaml", "200 /charts/web-1.0.0.tgz"]
    site.answers |= {"/charts/index.yaml": 500, "/charts/web-1.0.0.tgz": 500}
    assert runs.resolve(site.charts, "web", "1.0.0") == runs.resolve(f"{site.charts}/", "web", "v1.0.0") == "1.0.0"
    assert len(site.requests) == 2


def test_an_index_is_sent_again_only_when_it_has_changed(packer: Packer, site: Site, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    assert runs.resolve(site.charts, "web", "1.x") == runs.resolve(site.charts, "web", "1.x") == "1.0.0"
    assert site.requests[2:] == ["304 /charts/index.yaml"]
    packer.pack("web", "1.1.0")
    assert runs.resolve(site.charts, "web", "1.x") == "1.1.0"
    site.validators = False
    packer.pack("web", "1.2.0")
    assert runs.resolve(site.charts, "web", "1.x") == runs.resolve(site.charts, "web", "1.x") == "1.2.0"


def test_one_run_asks_a_repository_once(packer: Packer, site: Site, registry: str, tmp_path: Path) -> None:
    packer.pack("web", "1.0.0", "1.1.0")
    packer.pack("api", "2.0.0")
    names = [("web", "1.0.0"), ("web", "1.x"), ("web", ">=1"), ("api", "*")]
    wanted = [Revision(site.charts, name, chart=chart) for chart, name in names]
    with Charts(cache_dir=tmp_path / "cache") as charts:
        assert list(charts.resolve(wanted).values()) == ["1.0.0", "1.1.0", "1.1.0", "2.0.0"]
    assert site.requests.count("200 /charts/index.yaml") == 1


def test_both_processes_of_a_run_use_the_same_version(packer: Packer, site: Site, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    assert runs.resolve(site.charts, "web", "1.x", run_id="one") == "1.0.0"
    packer.pack("web", "1.1.0")
    assert runs.resolve(site.charts, "web", "1.x", run_id="one") == "1.0.0"
    assert runs.resolve(site.charts, "web", "1.x", run_id="two") == "1.1.0"


def test_the_same_archive_is_the_same_commit(packer: Packer, site: Site, registry: str, tmp_path: Path) -> None:
    packer.pack("web", "1.0.0")
    packer.push_archive(f"{registry}/team", packer.directory / "web-1.0.0.tgz")
    commits = set()
    for cache, repo in (("one", site.charts), ("two", site.charts), ("three", f"oci://{registry}/team")):
        with Charts(cache_dir=tmp_path / cache) as charts:
            charts.resolve([Revision(repo, "1.0.0", chart="web")])
            with charts.snapshot(repo, "web", "1.0.0") as snapshot:
                commits.add(snapshot.root.commit)
    assert len(commits) == 1


def test_a_version_that_is_published_anew_is_noticed(packer: Packer, site: Site, registry: str, runs: Runs) -> None:
    repositories = (site.charts, f"oci://{registry}/team")
    packer.pack("web", "1.0.0")
    packer.push(f"{registry}/team", "web", "1.0.0")
    for repo in repositories:
        runs.resolve(repo, "web", "1.x")
    packer.pack("web", "1.0.0", files={"values.yaml": "colour: other\n"})
    packer.push(f"{registry}/team", "web", "1.0.0", files={"values.yaml": "colour: other\n"})
    for repo in repositories:
        said: list[str] = []
        runs.resolve(repo, "web", "1.x", warn=said.append)
        assert said == [f"chart web 1.0.0 was published anew in {repo}, with other contents: those are used now"]
        runs.resolve(repo, "web", "1.x", warn=said.append)
        assert len(said) == 1


def test_a_damaged_cache_is_fetched_anew(packer: Packer, site: Site, tmp_path: Path, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    runs.resolve(site.charts, "web", "1.0.0")
    (content,) = (tmp_path / "cache/charts").glob("content-*.git")
    with Charts(cache_dir=tmp_path / "cache") as charts:
        charts.resolve([Revision(site.charts, "1.0.0", chart="web")])
        for file in (content / "objects").rglob("*"):
            if file.is_file():
                file.unlink()
        assert not charts.renew(tmp_path)
        assert charts.renew(content)
        with charts.snapshot(site.charts, "web", "1.0.0") as snapshot:
            assert snapshot.find("web/templates/config.yaml")


def test_runs_share_a_cache(packer: Packer, site: Site, tmp_path: Path) -> None:
    packer.pack("web", "1.0.0", "1.1.0")
    packer.pack("api", "1.0.0")
    wanted = [Revision(site.charts, name, chart=chart) for chart in ("web", "api") for name in ("1.0.0", "1.x")]

    def run(_: int) -> list[str]:
        with Charts(cache_dir=tmp_path / "cache") as charts:
            found = charts.resolve(wanted)
            for revision, version in found.items():
                with charts.snapshot(revision.repo, revision.chart, version) as snapshot:
                    assert snapshot.find(f"{revision.chart}/values.yaml")
            return list(found.values())

    with ThreadPoolExecutor(max_workers=6) as pool:
        assert list(pool.map(run, range(6))) == [["1.0.0", "1.1.0", "1.0.0", "1.0.0"]] * 6


def test_an_index_may_name_archives_elsewhere(packer: Packer, site: Site, registry: str, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    packer.pack("web", "2.0.0+build")
    packer.push_archive(f"{registry}/team", packer.directory / "web-2.0.0+build.tgz")
    packer.index("--url", f"{site.url}/charts/")
    assert runs.resolve(site.charts, "web", "1.0.0") == "1.0.0"
    index = packer.directory / "index.yaml"
    text = index.read_text().replace(f"{site.url}/charts/web-2.0.0+build.tgz", f"oci://{registry}/team/web:2.0.0_build")
    index.write_text(text)
    assert runs.resolve(site.charts, "web", "2.0.0") == "2.0.0+build"
