"""What the tests of the running product share: a demo that was started by the one command."""

import pytest

from tests.process.running import Demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return a running demo, and stop it: it must end well and leave nobody."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    try:
        yield running.start()
        running.stop()
    finally:
        running.end()
