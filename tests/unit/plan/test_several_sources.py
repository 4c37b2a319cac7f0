"""Applications of several sources: which one an override is about, refs, and objects that two of them have."""

from __future__ import annotations

import pytest

from fleet import (
    Application,
    ChartSource,
    Cluster,
    Destination,
    Fleet,
    GitSource,
    Helm,
    Kustomize,
    Override,
    Patch,
    PatchTarget,
    SyncPolicy,
)
from fleet.errors import DeclarationError, PlanError, Where
from fleet.model.manifest import Manifest
from fleet.model.plan import PatchRequest, Reference, Rendered, RenderRequest, Revision, Target
from fleet.model.source import Source
from fleet.plan.combined import combined
from fleet.plan.expand import expand
from fleet.plan.finish import finish
from fleet.plan.held import hold
from fleet.plan.sources import passing_credentials, patches_of, requests_of, revisions_of
from tests.unit.plan.build import manifest

CHARTS = "https://charts.example.com"
VALUES = "https://example.com/values.git"
WEB = "https://example.com/web.git"


def chart(*value_files: str, name: str = "", chart: str = "metrics") -> ChartSource:
    return ChartSource(CHARTS, chart=chart, version="1.x", helm=Helm(value_files=value_files), name=name)


def application(*sources: Source, overrides: tuple[Override, ...] = (), where: Where | None = None) -> Application:
    place = where or Where()
    return Application("web", sources=sources, destinations=["dev"], overrides=overrides, where=place)


def target(*sources: Source, overrides: tuple[Override, ...] = ()) -> Target:
    (found,) = expand(Fleet(clusters=[Cluster("dev")], applications=[application(*sources, overrides=overrides)]), {})
    return found


def failing(*sources: Source, overrides: tuple[Override, ...] = ()) -> str:
    with pytest.raises(DeclarationError) as caught:
        target(*sources, overrides=overrides)
    return str(caught.value).removeprefix("application web: ")


def requests(found: Target) -> tuple[RenderRequest, ...]:
    commits = {each: f"{position:040}" for position, each in enumerate(revisions_of(found))}
    return requests_of(found, commits)


THREE = (chart(), GitSource(WEB, path="web", name="site"), GitSource(VALUES, ref="values"))


@pytest.mark.parametrize(("called", "which"), [("metrics", 0), ("site", 1), ("values", 2)])
def test_an_override_is_about_the_source_that_it_names(called: str, which: int) -> None:
    found = target(*THREE, overrides=(Override(source=called, revision="2.0.0"),))
    expected = ["1.x", "HEAD", "HEAD"]
    expected[which] = "2.0.0"
    assert [each.revision.name for each in found.sources] == expected


def test_a_destination_names_a_source_too() -> None:
    app = Application("web", sources=THREE, destinations=[Destination("dev", source="site", path="web/dev")])
    (found,) = expand(Fleet(clusters=[Cluster("dev")], applications=[app]), {})
    assert [each.path for each in found.sources] == [".", "web/dev", "."]


def test_without_a_name_it_is_about_the_only_one_that_manifests_are_made_of() -> None:
    found = target(chart(), GitSource(VALUES, ref="values"), overrides=(Override(helm=Helm(values={"a": 1})),))
    assert [each.tool for each in found.rendering] == [Helm(values={"a": 1})]


def test_what_is_not_about_a_source_needs_no_name() -> None:
    assert target(*THREE, overrides=(Override(namespace="shop", labels={"a": "b"}),)).namespace == "shop"


NAME_ONE = "\n  → Name one: source=… in Python, `source: …` in YAML, by its name, ref or chart."
UNCLEAR = "it is not clear which of the sources this is about\n  "


@pytest.mark.parametrize(
    ("sources", "override", "expected"),
    [
        pytest.param(
            THREE,
            Override(revision="v1"),
            f"{UNCLEAR}manifests are made of more than one source{NAME_ONE}",
            id="several, and none is named",
        ),
        pytest.param(
            THREE,
            Override(source="sight", namespace="a"),
            f"{UNCLEAR}no source is called 'sight'; there are metrics, site, values{NAME_ONE}",
            id="unknown, even if nothing is said about it",
        ),
        pytest.param(
            (GitSource(WEB, path="a"), GitSource(WEB, path="b")),
            Override(source="a", path="c"),
            f"{UNCLEAR}no source is called 'a'; there are none that are called anything{NAME_ONE}",
            id="none is called anything",
        ),
        pytest.param(
            (chart(), chart(name="other")),
            Override(source="metrics", revision="2"),
            f"{UNCLEAR}more than one source is called 'metrics'{NAME_ONE}",
            id="ambiguous",
        ),
        pytest.param(
            THREE,
            Override(source="metrics", path="a"),
            ("the chart metrics has no path\n  → Leave the path out; a chart repository has charts and versions only."),
            id="a chart has no path",
        ),
        pytest.param(
            THREE,
            Override(clusters=[], source="values", helm=Helm(values={"a": 1})),
            (
                "no manifests are made of this source\n"
                "  The source 'values' is there for its value files only, so only its revision can differ.\n"
                "  → Give the source a path."
            ),
            id="nothing is rendered of it, wherever that would be",
        ),
    ],
)
def test_what_an_override_says_about_sources_has_to_make_sense(
    sources: tuple[Source, ...], override: Override, expected: str
) -> None:
    assert failing(*sources, overrides=(override,)) == expected


def test_what_makes_no_sense_anywhere_is_told_once() -> None:
    clusters = [Cluster("dev"), Cluster("prod")]
    app = Application("web", sources=THREE, destinations=clusters, overrides=[Override(path="a")])
    with pytest.raises(DeclarationError) as caught:
        expand(Fleet(clusters=clusters, applications=[app]), {})
    assert len(caught.value.problems) == 1


REFERENCE = Reference("values", VALUES, f"{1:040}")


@pytest.mark.parametrize(
    ("helm", "references"),
    [
        pytest.param(Helm(), (), id="no files"),
        pytest.param(Helm(value_files=["values.yaml", "/values/a.yaml"]), (), id="files of the chart's repository"),
        pytest.param(Helm(value_files=["values.yaml", "$values/a.yaml", "$values/b.yaml"]), (REFERENCE,), id="a file"),
        pytest.param(Helm(file_parameters={"a": "$values/a.txt"}), (REFERENCE,), id="a file's content"),
        pytest.param(Helm(value_files=["$ARGOCD_APP_NAME/a.yaml"]), (), id="a variable is no ref"),
        pytest.param(Helm(parameters={"a": "$values/a.yaml"}), (), id="a parameter is no file"),
    ],
)
def test_a_chart_gets_the_repositories_that_its_value_files_name(helm: Helm, references: tuple[Reference, ...]) -> None:
    found = target(
        GitSource(WEB, path="chart", helm=helm), GitSource(VALUES, ref="values"), GitSource(WEB, ref="other")
    )
    (request,) = requests(found)
    assert request.references == references


def test_a_ref_is_no_variable_and_what_follows_it_may_have_some() -> None:
    helm = Helm(
        value_files=["$values/$ARGOCD_APP_NAME/a.yaml", "$ARGOCD_APP_NAME/b.yaml", "x/$values/c.yaml"],
        file_parameters={"a": "$values/${ARGOCD_APP_NAME}.txt"},
    )
    (request,) = requests(target(GitSource(WEB, path="chart", helm=helm), GitSource(VALUES, ref="values")))
    assert request.tool == Helm(
        value_files=["$values/web/a.yaml", "web/b.yaml", "x//c.yaml"], file_parameters={"a": "$values/web.txt"}
    )


def test_a_source_may_be_rendered_and_referred_to() -> None:
    found = target(chart("$values/a.yaml"), GitSource(VALUES, path="extra", ref="values"))
    first, second = requests(found)
    assert first.references == (REFERENCE,)
    assert (second.path, second.references) == ("extra", ())


def test_the_revision_of_a_ref_may_differ() -> None:
    found = target(
        chart("$values/a.yaml"),
        GitSource(VALUES, ref="values"),
        overrides=(Override(source="values", revision="v2"),),
    )
    assert revisions_of(found) == (Revision(CHARTS, "1.x", chart="metrics"), Revision(VALUES, "v2"))


@pytest.mark.parametrize(
    ("sources", "overrides", "expected"),
    [
        pytest.param(
            (chart("$valeus/a.yaml"), GitSource(VALUES, ref="values")),
            (),
            (
                "'$valeus/a.yaml' is a file of no source\n"
                "  Refs are values.\n"
                "  → Give the source that has the file ref='valeus'; in YAML `ref: valeus`."
            ),
            id="unknown",
        ),
        pytest.param(
            (chart(),),
            (Override(helm=Helm(file_parameters={"a": "$values/a.txt"})),),
            (
                "'$values/a.txt' is a file of no source\n"
                "  No source has a ref.\n"
                "  → Give the source that has the file ref='values'; in YAML `ref: values`."
            ),
            id="in an override, and there are no refs",
        ),
    ],
)
def test_a_ref_has_to_be_a_sources(sources: tuple[Source, ...], overrides: tuple[Override, ...], expected: str) -> None:
    assert failing(*sources, overrides=overrides) == expected


def test_a_chart_is_asked_for_by_version() -> None:
    (request,) = requests(target(chart()))
    assert (request.repo, request.chart, request.path, request.commit) == (CHARTS, "metrics", ".", f"{0:040}")


def test_kustomize_does_not_fit_a_chart() -> None:
    text = failing(chart(), overrides=(Override(kustomize=Kustomize(name_prefix="x-")),))
    assert "kustomize is given here, and the source is one for helm" in text


def test_mirrors_are_for_every_source() -> None:
    app = application(chart(), GitSource(VALUES, ref="values"))
    mirrors = {CHARTS: "https://mirror.example.com/charts", "https://example.com/values": "../values"}
    (found,) = expand(Fleet(clusters=[Cluster("dev")], applications=[app]), mirrors)
    assert [each.revision.repo for each in found.sources] == ["https://mirror.example.com/charts", "../values"]
    assert [each.source.repo for each in found.sources] == [CHARTS, VALUES]


def test_patches_are_asked_for_together_with_all_that_is_rendered() -> None:
    patch = Patch({"spec": {"paused": True}}, target=PatchTarget(kind="Deployment"))
    sources = (chart(), GitSource(WEB, path="web"), GitSource(VALUES, ref="values"))
    plain, patched = target(*sources), target(*sources, overrides=(Override(patches=[patch]),))
    commits = dict.fromkeys(revisions_of(plain), "0" * 40)
    assert patches_of(plain, commits) == ()
    assert patches_of(patched, commits) == (PatchRequest(requests_of(plain, commits), (patch,)),)


SHAS = ("1.2.3", "a" * 40)


def test_what_waits_stays_at_the_commit_of_each_source() -> None:
    found = target(chart(), GitSource(VALUES, ref="values", revision="1.x", tag_prefix="web-"))
    (held,) = hold([found], {("web", "dev", "default"): SHAS}, ["dev"])
    assert revisions_of(held) == (Revision(CHARTS, "1.2.3", chart="metrics"), Revision(VALUES, "a" * 40))
    assert [each.source for each in held.sources] == [each.source for each in found.sources]


@pytest.mark.parametrize("known", [SHAS[:1], (*SHAS, "b" * 40)], ids=["fewer before", "more before"])
def test_what_waits_cannot_have_gained_or_lost_a_source(known: tuple[str, ...]) -> None:
    with pytest.raises(PlanError) as caught:
        hold([target(chart(), GitSource(VALUES, ref="values"))], {("web", "dev", "default"): known}, ["dev"])
    assert str(caught.value) == (
        "application web, cluster dev: "
        "the application waits here at the commits it was deployed from, and has other sources now\n"
        "  Which commit belongs to which source can no longer be told.\n"
        "  → Deploy it with a run that does not leave it alone: resume the cluster, or run `up` by hand."
    )


def test_objects_of_all_sources_are_taken_together() -> None:
    first, second = manifest("ConfigMap", "a"), manifest("ConfigMap", "b")
    assert combined([[first], [second]], None) == ((first, second), ())


def place(name: str, file: str, kind: str = "ConfigMap", namespace: str | None = None) -> Manifest:
    return manifest(kind, name, file=file, namespace=namespace)


@pytest.mark.parametrize(
    ("first", "second", "namespace", "key"),
    [
        pytest.param(
            place("a", "one.yaml"), place("a", "two.yaml"), None, "ConfigMap default/a", id="without a namespace"
        ),
        pytest.param(
            place("a", "one.yaml", namespace="shop"),
            place("a", "two.yaml"),
            "shop",
            "ConfigMap shop/a",
            id="in the destination's namespace",
        ),
        pytest.param(
            place("a", "one.yaml", "Namespace", namespace="x"),
            place("a", "two.yaml", "Namespace"),
            None,
            "Namespace a",
            id="cluster-scoped",
        ),
    ],
)
def test_of_an_object_that_two_sources_have_the_later_counts(
    first: Manifest, second: Manifest, namespace: str | None, key: str
) -> None:
    other = manifest("Secret", "a")
    assert combined([[first], [other, second]], namespace) == (
        (other, second),
        (f"{key} is in one.yaml:1 of one source and two.yaml:1 of a later one, whose counts",),
    )


def test_the_same_name_in_another_namespace_is_another_object() -> None:
    both = place("a", "one.yaml", namespace="one"), place("a", "two.yaml", namespace="two")
    assert combined([both[:1], both[1:]], None) == (both, ())


def test_what_one_source_has_twice_is_a_conflict_as_ever() -> None:
    twice = [place("a", "one.yaml"), manifest("ConfigMap", "a", file="two.yaml", data={"b": "c"})]
    found = target(GitSource(WEB, path="web"), chart())
    objects, warnings = combined([twice, []], None)
    assert warnings == ()
    with pytest.raises(PlanError) as caught:
        finish([Rendered(found, SHAS, objects)])
    assert "ConfigMap default/a is there more than once, and not the same" in str(caught.value)


def test_nothing_at_all_names_every_source_that_manifests_are_made_of() -> None:
    found = target(chart("$values/a.yaml"), GitSource(VALUES, ref="values"), GitSource(WEB, path="web"))
    with pytest.raises(PlanError) as caught:
        finish([Rendered(found, ("1.2.3", "a" * 40, "b" * 40), ())])
    assert "no source holds an object: chart metrics at version 1.2.3, 'web' at HEAD (bbbbbbbbbbbb)\n" in str(
        caught.value
    )


def test_a_commit_per_source_is_planned() -> None:
    app = Application(
        "web", sources=THREE, destinations=["dev"], sync=SyncPolicy(prune=True, allow_empty=True), namespace="shop"
    )
    (found,) = expand(Fleet(clusters=[Cluster("dev")], applications=[app]), {})
    (plan,) = finish([Rendered(found, ("1.2.3", "a" * 40, "b" * 40), ())])
    assert [each.commits for each in plan.applications] == [(("shop", ("1.2.3", "a" * 40, "b" * 40)),)]


def test_only_a_chart_that_says_so_has_its_password_sent_elsewhere() -> None:
    open_handed = ChartSource(CHARTS, chart="metrics", version="1.x", helm=Helm(pass_credentials=True))
    others = chart(chart="other"), GitSource(VALUES, path=".", helm=Helm(skip_crds=True))
    assert passing_credentials([target(open_handed, *others)]) == {Revision(CHARTS, "1.x", chart="metrics")}
    assert passing_credentials([target(*others)]) == frozenset()
