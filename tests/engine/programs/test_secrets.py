"""Secret values: encrypted in the state, masked in everything that is said."""

import base64
import json

import pytest

from tests.engine.programs.desk import Desk

PASSWORD = "correct-horse-battery"
ENCODED = base64.b64encode(PASSWORD.encode()).decode()


def hold_nothing_secret(desk: Desk, *texts: str) -> None:
    """Check that the secret is neither in the texts nor in any file that the engine has written."""
    files = [path for path in desk.state.rglob("*") if path.is_file()]
    written = [path.read_bytes().decode(errors="replace") for path in files]
    for text in (*texts, *written):
        assert PASSWORD not in text
        assert ENCODED not in text


def test_secrets_are_encrypted_in_the_state_and_masked_in_outputs(desk: Desk) -> None:
    desk.deploy(f"""
opts = ResourceOptions(provider=connect())
password = Output.secret({PASSWORD!r})
config_map("a", {{"password": password, "url": Output.concat("db://", password), "plain": "p"}}, opts)
k8s.core.v1.Secret("b", metadata={{"name": "b", "namespace": NAMESPACE}}, string_data={{"p": {PASSWORD!r}}}, opts=opts)
Thing("kubernetes:core/v1:Secret", "c", {{
    "metadata": {{"name": "c", "namespace": NAMESPACE}}, "data": {{"p": {ENCODED!r}}},
}}, opts)
Thing("kubernetes:core/v1:Secret", "d", {{
    "metadata": {{"name": "d", "namespace": NAMESPACE}}, "stringData": {{"p": password}},
}}, opts)
pulumi.export("password", password)
pulumi.export("nested", {{"deep": [password], "plain": "p"}})
""")
    assert desk.data("a") == {"password": PASSWORD, "url": f"db://{PASSWORD}", "plain": "p"}
    for name in "bcd":
        found = desk.get(f"secrets/{name}")
        assert found is not None
        assert found["data"] == {"p": ENCODED}
    hold_nothing_secret(desk)
    assert "ciphertext" in desk.outputs()["password"]
    assert "ciphertext" in json.dumps(desk.outputs()["nested"])
    for words in (["preview", "--diff"], ["preview", "--expect-no-changes"], ["up", "--yes", "--skip-preview"]):
        hold_nothing_secret(desk, desk.run(*words).text)


CHANGES = f"""
config = pulumi.Config()
opts = ResourceOptions(provider=connect())
config_map("a", {{"password": Output.concat(Output.secret({PASSWORD!r}), "%s")}}, opts)
Thing("kubernetes:core/v1:Secret", "b", {{
    "metadata": {{"name": "b", "namespace": NAMESPACE}}, "stringData": {{"password": {PASSWORD!r}, "n": "%s"}},
}}, opts)
pulumi.export("password", Output.secret({PASSWORD!r}))
"""
FLAGS: tuple[list[str], ...] = ([], ["--diff"], ["--json"], ["--diff", "--refresh"])


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_changes_and_drift_of_secrets_are_told_without_them(embedded: Desk, flags: list[str]) -> None:
    embedded.deploy(CHANGES % (1, 1))
    embedded.write(CHANGES % (2, 2))
    embedded.patch("configmaps/a", {"data": {"password": f"not {PASSWORD}"}})
    said = [embedded.run("refresh", "--preview-only", *flags).text] if "--refresh" not in flags else []
    said += [embedded.preview(*flags).text, embedded.up(*flags).text]
    hold_nothing_secret(embedded, *said)
    assert any("[secret]" in text for text in said) or not flags


@pytest.mark.parametrize("flags", [("--diff",), ("--json",)], ids=" ".join)
def test_they_are_shown_where_that_is_asked_for(embedded: Desk, flags: tuple[str, ...]) -> None:
    embedded.deploy(CHANGES % (1, 1))
    embedded.write(CHANGES % (2, 2))
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        said = embedded.run(*command, *flags, "--show-secrets").text
        assert f"{PASSWORD}2" in said
        assert base64.b64encode(b"2").decode() in said
    assert PASSWORD in embedded.up("--show-secrets").text
    hold_nothing_secret(embedded, embedded.up().text)


def test_drift_that_a_refresh_takes_in_stays_secret(embedded: Desk) -> None:
    embedded.deploy(CHANGES % (1, 1))
    embedded.patch("configmaps/a", {"data": {"password": f"not {PASSWORD}"}})
    embedded.run("refresh", "--yes", "--skip-preview")
    hold_nothing_secret(embedded)
    assert "[secret]" in embedded.preview("--diff").text


def test_a_refused_secret_value_is_not_in_the_message(embedded: Desk) -> None:
    run = embedded.deploy(
        f"""
opts = ResourceOptions(provider=connect())
config_map("a", {{}}, opts, labels={{"password": Output.secret("not valid: {PASSWORD}")}})
""",
        exit_code=4,
    )
    assert "metadata.labels" in run.text
    hold_nothing_secret(embedded, run.text)


def test_a_value_that_becomes_secret_is_encrypted_from_then_on(embedded: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect())
a = config_map("a", {"k": %s}, opts)
pulumi.export("k", a.data["k"])
"""
    embedded.deploy(program % f"{PASSWORD!r}")
    assert PASSWORD in embedded.checkpoint_file.read_text()
    embedded.deploy(program % f"Output.secret({PASSWORD!r})")
    assert embedded.data("a") == {"k": PASSWORD}
    assert PASSWORD not in embedded.checkpoint_file.read_text()


def test_what_kubectl_remembers_of_a_secret_stays_out_of_the_state(embedded: Desk) -> None:
    """`kubectl apply` keeps the whole Secret in an annotation, which comes along when it is taken over."""
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "a",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"stringData": {"p": PASSWORD}})
            },
        },
        "data": {"p": ENCODED},
    }
    embedded.create("secrets", body)
    embedded.deploy("""
opts = ResourceOptions(provider=connect(upsert_existing_objects=True))
Thing("kubernetes:core/v1:Secret", "a", {"metadata": {"name": "a", "namespace": NAMESPACE}}, opts)
""")
    hold_nothing_secret(embedded)


def test_secret_configuration_is_secret_in_the_program(desk: Desk) -> None:
    desk.deploy(f'pulumi.export("x", Output.secret({PASSWORD!r}))')  # Gives the stack its salt.
    ciphertext = desk.outputs()["x"]["ciphertext"]
    # What is exported is encrypted as JSON; what is configured is a text as it is.
    desk.configure(f"desk:password:\n  secure: {ciphertext}\n")
    desk.deploy("""
password = pulumi.Config().require_secret("password")
config_map("a", {"password": password}, ResourceOptions(provider=connect()))
pulumi.export("password", password)
print(f"the password is {pulumi.Config().require('password')}")
""")
    assert desk.data("a") == {"password": json.dumps(PASSWORD)}
    assert "ciphertext" in desk.outputs()["password"]
    hold_nothing_secret(desk, desk.up().text)


def test_secret_metadata_is_no_obstacle(desk: Desk) -> None:
    desk.deploy(f"""
opts = ResourceOptions(provider=connect())
name = Output.secret("a")
Thing("kubernetes:core/v1:ConfigMap", "a", {{"metadata": {{"name": name, "namespace": NAMESPACE}}}}, opts)
metadata = Output.secret({{"name": "b", "namespace": NAMESPACE, "annotations": {{"password": {PASSWORD!r}}}}})
Thing("kubernetes:core/v1:ConfigMap", "b", {{"metadata": metadata}}, opts)
""")
    assert desk.names() == ["a", "b"]
    hold_nothing_secret(desk, desk.preview("--expect-no-changes").text)
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.names() == []
