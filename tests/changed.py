"""Run the tests of what changed since the last commit: those beside the changed folders, and the architecture's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The browser and the processes take longer than a step should; `make test` runs them.
MARKS = "not services and not browser and not process and not slow"
# What no feature's folder holds, or all of them stand on, shows in these.
WHOLE = ("tests/home", "tests/migrations", "tests/access")
WHOLE_FILES = (
    "app/__init__.py",
    "app/cli.py",
    "app/demo.py",
    "app/extensions.py",
    "app/wiring.py",
    "app/wiring_records.py",
    "tests/conftest.py",
)
# What the law of one copy is about: its tests are searches over the plan.
PLAN = re.compile(r"app/mailer/(rules|roads|reasons|plan_\w+)\.py|tests/properties/\w+\.py")


def changed_files() -> list[str]:
    """Return what differs from the last commit, files that git doesn't know yet included."""
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [line[3:].split(" -> ")[-1] for line in status.stdout.splitlines()]


def test_paths(files: list[str]) -> list[str]:
    """Return the test files and folders that belong to changed files."""
    paths = {"tests/architecture"}
    for name in files:
        parts = Path(name).parts
        if parts[0] == "tests" and name.endswith(".py") and parts[-1].startswith("test_"):
            paths.add(name)
        elif parts[0] == "app" and len(parts) > 2 and (ROOT / "tests" / parts[1]).is_dir():  # a feature's folder
            paths.add(f"tests/{parts[1]}")
        elif name in ("config.py", "run.py"):
            paths.add("tests/test_config.py")
        if name in WHOLE_FILES or parts[0] == "migrations":
            paths.update(WHOLE)
        if PLAN.fullmatch(name):
            paths.add("tests/properties")
    return sorted(path for path in paths if (ROOT / path).exists())


if __name__ == "__main__":
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", MARKS]
    sys.exit(subprocess.run([*command, *test_paths(changed_files())], cwd=ROOT, check=False).returncode)
