"""Workspace: a project and one of its stacks, opened: configuration, state, and how the program is started.

In: a folder, a stack's name, the environment. Out: one value with all that a run needs of them. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fleet.engine import child, project, stack_config, store
from fleet.engine.backend import StackRef, check_stack_name
from fleet.engine.project import Project
from fleet.engine.request import RunRequest
from fleet.engine.secrets import Vault
from fleet.engine.stack_config import Configuration, StackConfig
from fleet.engine.store import Store
from fleet.frozen import dataclass


def open_store(project: Project, stack: str, environ: Mapping[str, str]) -> tuple[Store, StackConfig]:
    """Return the store of a stack, and its configuration as it is written: nothing secret is opened.

    Raises DeclarationError for a configuration that is wrong, StateError for what cannot be a stack's name.
    """
    check_stack_name(stack)
    config = stack_config.load(project, stack)
    vault = Vault(
        stack,
        config.salt,
        environ=environ,
        provider=config.secrets_provider,
        keep_salt=lambda salt: stack_config.write_salt(config, salt),
    )
    return Store(store.backend(project, environ), StackRef(project.name, stack), vault), config


# What the SDK is told. It has four times as many threads, and one waits for each resource that is made by its classes:
# with few, a cluster that does not answer would soon have all of them.
_PARALLEL = 64


@dataclass(frozen=True, slots=True)
class Workspace:
    """A stack of a project. configuration: as the program gets it."""

    project: Project
    configuration: Configuration
    store: Store

    @classmethod
    def open(cls, folder: Path, stack: str, environ: Mapping[str, str]) -> Workspace:
        """Open the stack. Raises DeclarationError for wrong files, StateError for secrets without a passphrase."""
        found = project.load(folder)
        opened, config = open_store(found, stack, environ)
        configuration = stack_config.resolve(found, config, opened.vault.decrypt)
        return cls(found, configuration, opened)

    @property
    def ref(self) -> StackRef:
        """The stack's name in the backend."""
        return self.store.ref

    @property
    def program_dir(self) -> Path:
        """The program's working directory; what relative paths in it are relative to."""
        return self.project.program_dir

    def known_stacks(self) -> tuple[str, ...]:
        """Return the stacks of the project that have a configuration or a state."""
        configured = stack_config.configured_stacks(self.project)
        return tuple(sorted({*configured, *self.store.backend.stacks(self.ref.project)}))

    def program(self, request: RunRequest) -> child.Program:
        """Return how the program is started for a run."""
        program = self.project.program
        return child.Program(
            root=self.project.folder,
            directory=self.program_dir,
            main=program.name if program.is_file() else ".",
            python=self.project.python,
            project=self.ref.project,
            stack=self.ref.stack,
            config=self.configuration.values,
            secret_keys=self.configuration.secret_keys,
            dry_run=request.dry_run,
            parallel=_PARALLEL,
            run_id=request.run_id,
            environment=request.environment,
        )
