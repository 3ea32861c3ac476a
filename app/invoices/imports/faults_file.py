"""All that is wrong with a file, as a file of its own."""

from __future__ import annotations

from typing import IO

from sqlalchemy.orm import Session

from app.core.words import say
from app.invoices.imports import queries
from app.web.export_files import write_csv
from app.web.words import translated

BATCH = 1_000


def write_faults(session: Session, import_id: int) -> IO[bytes]:
    """Write the errors of an import as CSV: line, column, error. Whoever reads the file closes it."""
    header = [translated(one) for one in (say("Line"), say("Column"), say("Error"))]
    found = session.scalars(queries.faults(import_id).execution_options(yield_per=BATCH))
    return write_csv(header, ((str(one.line), one.column, one.message) for one in found))
