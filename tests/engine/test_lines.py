"""docs/reference/embedded-engine.md, line by line: which test shows what a line says.

A line without a test, and a test that is not there, fail here. What can be told from the table alone is asked here,
too: whether a method of the protocol is answered, refused or not served.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import grpc
import grpc.aio
import pulumi
import pytest
from google.protobuf import message_factory
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from fleet.engine import monitor
from fleet.engine.goal import Goal, ReadGoal
from fleet.engine.monitor import Registered
from tests.unit.docs.pages import PAGES, ROOT

PAGE = PAGES["docs/reference/embedded-engine.md"]
PROGRAMS, KUBERNETES, STATE = "tests/engine/programs", "tests/engine/kubernetes", "tests/engine/state"
UNIT, E2E = "tests/unit", "tests/e2e"

UNSUPPORTED = f"{PROGRAMS}/test_unsupported.py::test_it_is_named_once_and_nothing_changes"
HERE = "tests/engine/test_lines.py::test_methods_of_the_protocol"
INPUTS = f"{UNIT}/engine_kubernetes/test_inputs.py"
OPTIONS, READING = f"{PROGRAMS}/test_options.py", f"{PROGRAMS}/test_reading.py"
WAITS = f"{UNIT}/engine_kubernetes/test_waits.py"
READY, OBSERVE = f"{KUBERNETES}/test_ready.py", f"{KUBERNETES}/test_observe.py"

# Per section the lines in their order: the first word in code of a line, or the line's beginning, and its test.
SHOWN: Mapping[str, Sequence[tuple[str, str]]] = {
    "Services": (
        (
            "`RegisterResource`",
            f"{PROGRAMS}/test_programs.py::test_typed_classes_in_components_with_values_of_each_other",
        ),
        ("`RegisterResourceOutputs`", f"{PROGRAMS}/test_endings.py::test_a_program_that_ends_badly_deletes_nothing"),
        ("`ReadResource`", f"{READING}::test_an_object_can_be_read_and_used_and_is_left_alone"),
        ("`ExistsResource`", f"{READING}::test_whether_an_object_exists_can_be_asked"),
        ("`GetDeploymentInfo`", HERE),
        ("`SignalAndWaitForShutdown`", HERE),
        ("`Log`", f"{PROGRAMS}/test_programs.py::test_what_the_program_says_is_shown"),
        ("`Invoke`", UNSUPPORTED),
        ("`RegisterStackTransform`", UNSUPPORTED),
        ("`RegisterResourceHook`", UNSUPPORTED),
        ("`RegisterPackage`", HERE),
        (
            "`RequirePulumiVersion`",
            f"{PROGRAMS}/test_unsupported.py::test_require_pulumi_version_is_about_a_program_that_is_not_there",
        ),
        ("`GetRootResource`", HERE),
    ),
    "Resources": (
        ("components", f"{PROGRAMS}/test_programs.py::test_typed_classes_in_components_with_values_of_each_other"),
        (
            "`pulumi:providers:kubernetes`",
            f"{PROGRAMS}/test_programs.py::test_providers_by_path_by_contents_and_by_inheritance",
        ),
        (
            "`kubernetes:<group>",
            f"{PROGRAMS}/test_programs.py::test_objects_wait_for_the_kinds_and_namespaces_that_the_program_brings",
        ),
        ("`kubernetes:helm.sh", UNSUPPORTED),
        ("anything else", UNSUPPORTED),
    ),
    "Resource options": (
        ("`parent`", f"{OPTIONS}::test_dependencies_order_creation_and_deletion"),
        ("`protect`", f"{OPTIONS}::test_what_is_protected_is_not_replaced_until_it_is_protected_no_more"),
        ("`retain_on_delete`", f"{OPTIONS}::test_what_is_retained_is_not_deleted_to_make_room_for_itself"),
        ("`aliases`", f"{OPTIONS}::test_an_object_stays_the_same_under_another_urn"),
        ("`ignore_changes`", f"{OPTIONS}::test_ignored_fields_keep_what_the_cluster_has"),
        (
            "`custom_timeouts`",
            f"{OPTIONS}::test_a_deletion_that_takes_too_long_fails_and_the_object_stays_in_the_state",
        ),
        (
            "`delete_before_replace`",
            f"{PROGRAMS}/test_replacing.py::test_an_object_with_a_found_name_is_replaced_by_one_with_another",
        ),
        ("`deleted_with`", f"{OPTIONS}::test_deleting_one_object_may_be_said_to_delete_another"),
        ("`additional_secret_outputs`", f"{OPTIONS}::test_additional_secret_outputs_are_encrypted_in_the_state"),
        ("`transformations`", f"{PROGRAMS}/test_programs.py::test_transformations_are_the_sdks_affair"),
        ("`id`", f"{READING}::test_an_object_can_be_read_and_used_and_is_left_alone"),
        ("`version`", f"{OPTIONS}::test_options_without_effect"),
        ("`plugin_download_url`", f"{OPTIONS}::test_options_without_effect"),
        ("`import_`", UNSUPPORTED),
        ("remote components", UNSUPPORTED),
    ),
    "Arguments of the Kubernetes provider": (
        ("`kubeconfig`", f"{PROGRAMS}/test_programs.py::test_providers_by_path_by_contents_and_by_inheritance"),
        (
            "`upsertExistingObjects`",
            f"{KUBERNETES}/test_create.py::test_what_predecessors_put_there_goes_on_taking_over",
        ),
        ("`kubeClientSettings`", f"{INPUTS}::test_values_come_plain_or_as_json"),
        (
            "`clusterIdentifier`",
            f"{PROGRAMS}/test_replacing.py::test_a_cluster_with_an_identifier_may_change_its_address",
        ),
        ("`enableConfigMapMutable`", f"{INPUTS}::test_what_has_no_effect"),
        ("`enablePatchForce`", f"{KUBERNETES}/test_update.py::test_in_a_conflict_we_win"),
        ("`skipUpdateUnreachable`", f"{E2E}/test_isolation.py::test_g_a_stopped_cluster_does_not_stop_the_others"),
        ("`enableReplaceCRD`", f"{INPUTS}::test_what_has_no_effect"),
        ("`enableServerSideApply`", f"{INPUTS}::test_what_cannot_be_followed"),
        ("`deleteUnreachable`", f"{INPUTS}::test_what_cannot_be_followed"),
        (
            "`pulumi.com/patchFieldManager`",
            f"{UNIT}/engine/test_objects.py::test_the_field_manager_is_the_objects_own_or_the_states_or_ours",
        ),
        (
            "`pulumi.com/deletionPropagationPolicy`",
            f"{UNIT}/engine_kubernetes/test_propagation.py::test_how_an_object_is_deleted",
        ),
        ("`pulumi.com/skipAwait`", f"{WAITS}::test_what_is_waited_for"),
        ("`pulumi.com/waitFor`", f"{WAITS}::test_what_an_annotation_says"),
        ("`pulumi.com/timeoutSeconds`", f"{WAITS}::test_how_long"),
        ("`pulumi.com/replaceUnready`", f"{WAITS}::test_what_is_made_anew"),
        ("`pulumi.com/patchForce`", f"{KUBERNETES}/test_update.py::test_in_a_conflict_we_win"),
    ),
    "Steps": (
        ("create, update", f"{KUBERNETES}/test_update.py::test_in_a_conflict_we_win"),
        ("create of what exists", f"{KUBERNETES}/test_create.py::test_an_object_that_exists_is_not_touched"),
        ("which kinds are waited for", f"{WAITS}::test_what_is_waited_for"),
        ("when a workload is ready", f"{READY}::test_what_becomes_ready"),
        ("when a Service or an Ingress", f"{UNIT}/engine_kubernetes/test_readiness.py::test_readiness"),
        ("a deployment's claims", f"{READY}::test_a_claim_that_waits_for_its_pod_is_not_waited_for"),
        ("how it is known", f"{KUBERNETES}/test_watch.py::test_many_namespaces_have_one_watch"),
        (
            "an object that does not become ready",
            f"{E2E}/test_waiting.py::test_what_does_not_become_ready_fails_stays_and_is_waited_for_again",
        ),
        ("refresh", f"{UNIT}/engine/test_steps.py::test_what_is_to_be_done"),
        (
            "a run that is stopped",
            f"{E2E}/test_waiting.py::test_a_run_that_is_stopped_waits_no_longer_and_the_next_one_does",
        ),
        (
            "a field that cannot change",
            f"{PROGRAMS}/test_replacing.py::test_a_field_that_cannot_change_replaces_the_object",
        ),
        ("delete", f"{KUBERNETES}/test_delete.py::test_what_blocks_is_named"),
        ("refresh", f"{OBSERVE}::test_many_that_moved_are_read_by_one_list"),
        ("what drift is", f"{OBSERVE}::test_drift_is_what_applying_would_change"),
        (
            "what is no longer in the program",
            f"{E2E}/test_trouble.py::test_the_others_are_through_while_one_is_still_waited_for",
        ),
        ("`up` without `--refresh`", f"{PROGRAMS}/test_targets.py::test_an_update_without_a_refresh_goes_by_the_state"),
        ("drift with `selfHeal: false`", f"{E2E}/test_drift.py::test_d_without_self_heal_drift_is_shown_and_stays"),
        ("drift with `paused: true`", f"{E2E}/test_paused.py::test_a_paused_cluster_stays_while_the_others_go_on"),
        (
            "preview by a user",
            f"{E2E}/test_least_privilege.py::test_a_reader_previews_by_the_state_and_is_told_so",
        ),
        (
            "namespaces that an Application",
            f"{E2E}/test_main_job.py::test_f_a_namespace_that_does_not_exist_is_an_error_before_anything_is_written",
        ),
        (
            "kinds and versions that it requires",
            f"{E2E}/test_kinds.py::test_what_a_cluster_does_not_serve_is_told_before_anything_is_written",
        ),
        (
            "a cluster that does not answer",
            f"{E2E}/test_isolation.py::test_g_a_stopped_cluster_does_not_stop_the_others",
        ),
        (
            "an object that fails",
            f"{PROGRAMS}/test_failures.py::test_a_failure_skips_what_needs_it_and_nothing_else",
        ),
        (
            "what is written in another way",
            f"{PROGRAMS}/test_same_state.py::test_neither_finds_anything_to_do_after_the_other",
        ),
        ("what the state has of a resource", f"{PROGRAMS}/test_same_state.py::test_both_write_the_same"),
        ("checkpoint", f"{PROGRAMS}/test_interruptions.py::test_a_run_that_is_killed_is_gone_on_with"),
    ),
    "The project": (
        ("`Pulumi.yaml`", f"{UNIT}/engine_state/test_project.py::test_all_that_a_project_says"),
        ("`Pulumi.<stack>.yaml`", f"{UNIT}/engine_state/test_stack_config.py::test_environments_are_for_pulumi"),
        ("backends", f"{UNIT}/engine_state/test_project.py::test_other_backends_are_for_pulumi"),
        ("command line", f"{UNIT}/cli/test_reference.py::test_options"),
        ("`stack` commands", f"{STATE}/test_stack_commands.py::test_what_one_exports_the_other_imports"),
        ("a state that Pulumi made", f"{STATE}/test_unknown.py::test_no_run_touches_it"),
        ("history and backups", f"{STATE}/test_stack_commands.py::test_both_show_the_same_history"),
        ("a stack", f"{UNIT}/cli/test_stack.py::test_a_stack_that_is_new_is_imported_into"),
        ("`--json`", f"{E2E}/test_cli.py::test_json_is_for_programs"),
    ),
}


def lines(section: str) -> list[str]:
    """Return the first cells of all lines of all tables in a section, without the heads."""
    _, _, text = PAGE.text.partition(f"\n## {section}\n")
    rows = [row for row in text.partition("\n## ")[0].splitlines() if row.startswith("|")]
    heads = {number for number, row in enumerate(rows) for number in (number - 1, number) if row.startswith("| ---")}
    return [row.split("|")[1].strip() for number, row in enumerate(rows) if number not in heads]


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions)


def test_every_table_is_here() -> None:
    sections = re.findall(r"^## (.+)$", PAGE.text, re.MULTILINE)
    assert [section for section in sections if lines(section)] == list(SHOWN)


@pytest.mark.parametrize("section", SHOWN)
def test_every_line_has_a_test(section: str) -> None:
    found = lines(section)
    assert len(found) == len(SHOWN[section])
    for line, (beginning, test) in zip(found, SHOWN[section], strict=True):
        file, _, name = test.partition("::")
        assert line.startswith(beginning)
        assert name in functions_of(file), f"{line}: {test}"


def test_every_resource_option_is_on_the_page() -> None:
    options = set(inspect.signature(pulumi.ResourceOptions.__init__).parameters) - {"self"}
    named = {name for line in lines("Resource options") for name in re.findall(r"`(\w+)`", line)}
    assert named == options


class Everything:
    """A deployment that brings about whatever it is asked for."""

    def __init__(self) -> None:
        self.dry_run = False
        self.error: Exception | None = None

    async def register(self, wanted: Goal) -> Registered:
        return Registered("urn")

    async def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        pass

    async def read(self, wanted: ReadGoal) -> Registered:
        return Registered("urn")

    async def exists(self, wanted: ReadGoal) -> bool:
        return True

    def abort(self, error: Exception) -> None:
        self.error = error


STUBS = {
    resource_pb2.DESCRIPTOR.services_by_name["ResourceMonitor"]: resource_pb2_grpc.ResourceMonitorStub,
    engine_pb2.DESCRIPTOR.services_by_name["Engine"]: engine_pb2_grpc.EngineStub,
}
METHODS = {method.name: (method, stub) for service, stub in STUBS.items() for method in service.methods}
ENDS = {
    "refused": grpc.StatusCode.FAILED_PRECONDITION,
    "not served": grpc.StatusCode.UNIMPLEMENTED,
}


def said_of(method: str) -> str:
    (said,) = [row[1] for row in PAGE.rows("Services") if f"`{method}`" in row[0]]
    return said


@pytest.mark.parametrize("name", METHODS)
async def test_methods_of_the_protocol(name: str) -> None:
    method, stub = METHODS[name]
    expected = next((code for words, code in ENDS.items() if said_of(name).startswith(words)), grpc.StatusCode.OK)
    async with monitor.serve(Everything(), lambda _: None) as address, grpc.aio.insecure_channel(address) as channel:
        call = getattr(stub(channel), name)(message_factory.GetMessageClass(method.input_type)())
        assert await call.code() is expected
        if expected is grpc.StatusCode.FAILED_PRECONDITION:
            assert "does not support" in await call.details()
