"""The Pulumi program: brings every cluster of the stack to what the stack declares."""

import pulumi

from fleet.program.flow import main

pulumi.run(main)
