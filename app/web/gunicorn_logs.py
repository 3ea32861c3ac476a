"""The log of gunicorn's own processes, in the shape of all others: gunicorn's `--logger-class`."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from app.core.log_lines import set_up_logs
from config import Settings


class GunicornLogger(Logger):
    """Gunicorn's logger, whose lines go where those of the application go."""

    def setup(self, cfg: Any) -> None:
        """Set it up as gunicorn does, and then as the application does."""
        super().setup(cfg)
        set_up_logs(Settings.of_this_process().log_format)
