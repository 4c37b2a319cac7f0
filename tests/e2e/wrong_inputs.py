"""What can be wrong with a declaration, a repository or a manifest, and what is said about it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.e2e.workbench import STACK, Workbench, config_map

APPLICATION = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination(name, namespace=NAMESPACE) for name in ("hub", "dev", "prod")],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True, create_namespace=True),
        ),
    ],
)
"""
YAML = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
spec:
  project: default
  source:
    repoURL: https://example.com/repo.git
    path: manifests
    targetRevision: HEAD
  destination:
    servers: [dev]
  syncPolicy:
    automated: {prune: true, selfHeal: true}
"""
DECLARATION, SOURCE, RENDER, PLAN = 2, 10, 11, 12
# What is deployed, and must stay as it is.
GOOD = {"manifests/a.yaml": config_map("a", key="1"), "manifests/b.yaml": config_map("b", key="1")}

Break = Callable[[Workbench], object]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A way to get it wrong. lines: what is printed, among other lines; every `@` line stands for `error: ` before it.

    everywhere: shown with Pulumi as well; what is behind it is the same program.
    """

    id: str
    do: Break
    exit_code: int
    lines: str
    everywhere: bool = field(default=False, kw_only=True)


def declare(*changes: tuple[str, str]) -> Break:
    """Return what changes the Python that is fine."""

    def write(bench: Workbench) -> None:
        text = APPLICATION
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        bench.declare(text)

    return write


def add_application(python: str) -> Break:
    return declare(("    ],\n)", f"        {python},\n    ],\n)"))


def configure(*changes: tuple[str, str]) -> Break:
    """Return what changes the stack's configuration."""

    def write(bench: Workbench) -> None:
        path = bench.project / "stacks" / f"Pulumi.{STACK}.yaml"
        text = path.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text)

    return write


def several_documents(bench: Workbench) -> None:
    bench.declare_yaml(YAML.replace("selfHeal", "selfheal").replace("prune: true", "prune: 'yes'"), "a.yaml")
    bench.declare_yaml(
        f"{YAML.replace('path: manifests', 'pth: manifests')}---\n{YAML.replace('HEAD', '1.0')}", "b.yaml"
    )
    bench.declare_yaml(f"{YAML}  info: [\n", "c.yaml")
    bench.declare_yaml(YAML.replace("kind: Application", "kind: AplicationSet"), "d.yaml")
    bench.declare_yaml(YAML.replace("  destination:", "    plugin: {name: own}\n  destination:"), "e.yaml")
    bench.declare_yaml(YAML.replace("servers: [dev]", "servers: [dev]\n    server: https://a"), "f.yaml")
    declare(("prune=True", "prune=1"))(bench)


def several_clusters(bench: Workbench) -> None:
    servers = "servers: ['https://<dev-cluster-api-server-url>', 'https://kubernetes.default.svc', prdo, {name: hub}]"
    bench.declare_yaml(YAML.replace("servers: [dev]", servers))
    bench.declare_yaml(YAML.replace("name: shop", "name: web"), "b.yaml")
    declare(('"dev", "prod")', '"deb", "prod")'), ('"web",', '"web", project="nope",'))(bench)


def several_sources(bench: Workbench) -> None:
    bench.declare_yaml(YAML.replace("https://example.com/repo.git", "nowhere/repo.git"))
    declare(
        ("GitSource(REPO,", 'GitSource(REPO, revision="v9",'),
        (
            '"prod")]',
            '"prod")] + [Destination("hub", namespace="other", revision="a" * 40)]',
        ),
    )(bench)


def several_paths(bench: Workbench) -> None:
    (bench.root / "repo" / "outside").symlink_to("../..")
    bench.repo.index.add(["outside"])
    bench.commit({"manifests/c.yaml": config_map("c")})
    bench.declare_yaml(YAML.replace("path: manifests", "path: manifest"))
    declare(
        (
            'path="manifests"),',
            'path="manifests/a.yaml"),',
        ),
        (
            '"prod")]',
            '"prod")] + [Destination("hub", namespace="other", path="outside")]',
        ),
    )(bench)


def several_files(bench: Workbench) -> None:
    generated = config_map("c") | {"metadata": {"generateName": "c-"}}
    bench.commit(
        {
            "manifests/c.yaml": generated,
            "manifests/d.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: d\n name: e\n",
            "manifests/e.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: e}\ndata: {port: 80}\n",
            "manifests/f.json": '{"apiVersion": "v1",\n "kind": "ConfigMap",}',
        }
    )
    (bench.root / "repo" / "manifests" / "secrets.yaml").symlink_to("/etc/passwd")
    bench.repo.index.add(["manifests/secrets.yaml"])
    bench.commit({})


def no_objects(bench: Workbench) -> None:
    bench.commit({"manifests/a.yaml": None, "manifests/b.yaml": None, "manifests/README.md": "nothing here"})


def one_object_twice(bench: Workbench) -> None:
    bench.commit({"other/a.yaml": config_map("a", key="2"), "other/c.yaml": config_map("c")})
    here = 'Destination("dev", namespace=NAMESPACE)'
    add_application(f'Application("other", source=GitSource(REPO, path="other"), destinations=[{here}])')(bench)


WRONG = [
    Wrong(
        "a value of the DSL",
        declare(('"web",', '"Web App",')),
        DECLARATION,
        """
        @stacks/test.py:7: Application: name must be lower-case letters, digits, "-" and ".", starting and ending with
          It is 'Web App'.
        """,
        everywhere=True,
    ),
    Wrong(
        "a field of the DSL",
        declare(("prune=True", "prun=True")),
        DECLARATION,
        """
        @stacks/test.py:11: SyncPolicy has no field prun
          → Did you mean prune?
        """,
    ),
    Wrong(
        "a path out of the repository",
        declare(('path="manifests"', 'path="../manifests"')),
        DECLARATION,
        """
        @stacks/test.py:9: GitSource 'https://example.com/repo.git': path must be relative to the repository's root
          It is '../manifests'.
        """,
    ),
    Wrong(
        "an exception",
        declare(("\nfleet =", '\nraise ValueError("no such region: eu")\nfleet =')),
        DECLARATION,
        "@stacks/test.py:5: ValueError: no such region: eu",
    ),
    Wrong(
        "a syntax error", declare(("fleet = Fleet(", "fleet = Fleet((")), DECLARATION, "@stacks/test.py:5: SyntaxError"
    ),
    Wrong(
        "no fleet",
        lambda bench: bench.declare("Fleet()"),
        DECLARATION,
        """
        @stacks/test.py: the file assigns no Fleet
          → Assign one at the top level: stack = Fleet(clusters=[...], applications=[...])
        """,
    ),
    Wrong(
        "YAML and Python together",
        several_documents,
        DECLARATION,
        """
        @stacks/test.py:11: SyncPolicy: prune must be True or False
          It is 1.
        @stacks/test/a.yaml:14, application shop, spec.syncPolicy.automated.prune: must be true or false
          It is the string "yes".
        @stacks/test/a.yaml:14, application shop, spec.syncPolicy.automated.selfheal: unknown key selfheal
          → Did you mean selfHeal?
        @stacks/test/b.yaml:9, document 1, application shop, spec.source.pth: unknown key pth
          → Did you mean path?
        @stacks/test/b.yaml:25, document 2, application shop, spec.source.targetRevision: must be a string
          It is the number 1.
          → Put it in quotes.
        @stacks/test/c.yaml:15: not valid YAML
        @stacks/test/d.yaml:2, kind: unknown kind
          It is the string "AplicationSet".
        @stacks/test/e.yaml:11, application shop, spec.source.plugin: plugin is not supported yet
        @stacks/test/f.yaml:11, application shop, spec.destination: server and servers are given together
          → Give exactly one of server, name and servers.
        """,
        everywhere=True,
    ),
    Wrong(
        "clusters, names and projects",
        several_clusters,
        DECLARATION,
        """
        @stacks/test.py:10, application web: no cluster is known as 'deb'
          Known clusters: dev, hub, prod.
          → Did you mean 'dev'?
        @stacks/test.py:7, application web: no project is named 'nope'
          Known projects: default.
        @stacks/test/application.yaml:12, application shop, spec.destination.servers[0]: no cluster is known as
          → It is a placeholder. Say which cluster it means, in the stack's configuration:
          → fleet:clusters: {<cluster>: {urls: ['https://<dev-cluster-api-server-url>']}}
        @stacks/test/application.yaml:12, application shop, spec.destination.servers[1]: no cluster is known as
          → It means the cluster that Argo CD itself runs in. Mark one of yours as that:
        @stacks/test/application.yaml:12, application shop, spec.destination.servers[2]: no cluster is known as 'prdo'
          → Did you mean 'prod'?
        @stacks/test/b.yaml:1, application web: more than one application is named 'web'
          The other one: stacks/test.py:7.
        """,
        everywhere=True,
    ),
    Wrong(
        "one destination twice",
        declare(('"dev", "prod")', '"dev", "dev")')),
        DECLARATION,
        "@stacks/test.py:10, application web, cluster dev: the application goes to namespace",
    ),
    Wrong(
        "keys and types of the configuration",
        configure(("context: dev", "contxt: dev"), ("context: prod", "context: prod\n      paused: maybe")),
        DECLARATION,
        """
        @stacks/Pulumi.test.yaml:8, config.fleet:clusters.dev.contxt: unknown key `contxt`
          → Did you mean `context`?
        @stacks/Pulumi.test.yaml:12, config.fleet:clusters.prod.paused: Cluster 'prod': paused must be True or False
          It is 'maybe'.
        """,
    ),
    Wrong(
        "an unknown key of the configuration",
        configure(("fleet:repositories", "fleet:repos")),
        DECLARATION,
        """
        @stacks/Pulumi.test.yaml:12, config.fleet:repos: unknown key `fleet:repos`
          → Did you mean `fleet:repositories`?
        """,
    ),
    Wrong(
        "a configuration that is no YAML",
        configure(("fleet:repositories:", "fleet:repositories: [")),
        DECLARATION,
        "@stacks/Pulumi.test.yaml:12: not valid YAML",
    ),
    Wrong(
        "repositories and revisions",
        several_sources,
        SOURCE,
        """
        @stacks/test.py:9, application web: repository {root}/repo has no revision v9
          No branch and no tag has this name.
          → It has main, good.
        @stacks/test.py:10, application web, cluster hub: repository {root}/repo has no revision aaaaaaaa
          → Has the branch been rewritten, or is the commit not pushed yet?
        @stacks/test/application.yaml:7, application shop, cluster dev, spec.source: there is no
        """,
        everywhere=True,
    ),
    Wrong(
        "paths",
        several_paths,
        SOURCE,
        """
        @stacks/test.py:9, application web: path manifests/a.yaml is a file, not a directory
          → Give the directory; directory.include picks files in it.
        @stacks/test.py:10, application web, cluster hub: path outside leads out of the repository by a symlink to ../..
        @stacks/test/application.yaml:7, application shop, cluster dev, spec.source: path manifest does
          → The repository's root has the directories manifests.
        """,
    ),
    Wrong(
        "files",
        several_files,
        RENDER,
        """
        @manifests/c.yaml:4, application web, metadata.generateName: generateName is for hooks only
          → Give it a metadata.name
        @manifests/d.yaml:5, application web: not valid YAML
        @manifests/e.yaml:4, application web, data.port: data: the value of port must be a text
          → YAML reads it as 80: put it in quotes.
        @manifests/f.json:2, application web: not valid JSON
        @manifests/secrets.yaml, application web: this symlink leads out of the repository: /etc/passwd
        """,
        everywhere=True,
    ),
    Wrong(
        "no objects",
        no_objects,
        PLAN,
        """
        @stacks/test.py:10, application web, cluster dev: 'manifests' holds no object at HEAD
          → Check the path. If it is meant to be empty: allow_empty=True, in YAML `allowEmpty: true`.
        @stacks/test.py:10, application web, cluster hub: 'manifests' holds no object at HEAD
        @stacks/test.py:10, application web, cluster prod: 'manifests' holds no object at HEAD
        """,
    ),
    Wrong(
        "one object in two applications",
        one_object_twice,
        PLAN,
        """
        @cluster dev: ConfigMap {namespace}/a is wanted by other and web
          other: other/a.yaml:1 of {root}/repo at HEAD
          web: manifests/a.yaml:1 of {root}/repo at HEAD
          → An object belongs to one application of a cluster. Leave it out of the others.
        """,
    ),
]
