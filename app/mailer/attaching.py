"""Which files may go along with a document: a short list of kinds, each told by what a file holds, not by its name."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from app.core.errors import Invalid
from app.core.words import Words, said, say

MAX_FILES = 10
MAX_FILE = 5 * 1024 * 1024
# What mail servers take, once it is encoded, with the document beside it.
MAX_TOTAL = 8 * 1024 * 1024
MAX_NAME = 120
_MAX_ENTRIES = 5_000
# Controls, format characters such as those that turn a name around, surrogates, separators of lines.
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_OOXML = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as somebody gave it: what they called it, and its bytes."""

    filename: object
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodFile:
    """A file that may go along: its cleaned name, its media type, and its bytes."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Beside:
    """A file that goes along already: its name, and its size in bytes."""

    filename: str
    size: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of file: its media type, and whether bytes are one."""

    content_type: str
    holds: Callable[[bytes], bool]


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(starts)


def _is_office(main: str) -> Callable[[bytes], bool]:
    """Return what tells an Office document of a kind: a ZIP with its main part, and no macros."""

    def tell(data: bytes) -> bool:
        if not data.startswith(b"PK\x03\x04"):
            return False
        try:
            names = zipfile.ZipFile(io.BytesIO(data)).namelist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return False
        parts = {name.lower() for name in names[:_MAX_ENTRIES]}
        has_macros = any(name.endswith("vbaproject.bin") for name in parts)
        return len(names) <= _MAX_ENTRIES and {"[content_types].xml", main} <= parts and not has_macros

    return tell


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(char) == "Cc" and char not in "\t\n\r\f" for char in text)


KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "pdf": _Kind("application/pdf", _begins(b"%PDF-")),
        "png": _Kind("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
        "jpg": _Kind("image/jpeg", _begins(b"\xff\xd8\xff")),
        "jpeg": _Kind("image/jpeg", _begins(b"\xff\xd8\xff")),
        "docx": _Kind(f"{_OOXML}wordprocessingml.document", _is_office("word/document.xml")),
        "xlsx": _Kind(f"{_OOXML}spreadsheetml.sheet", _is_office("xl/workbook.xml")),
        "csv": _Kind("text/csv", _is_text),
        "txt": _Kind("text/plain", _is_text),
    }
)


def clean_name(raw: object) -> str:
    """Return a file's name without folders. Raises ValueError in plain words where it is none."""
    text = unicodedata.normalize("NFC", raw) if isinstance(raw, str) else ""
    name = re.split(r"[/\\]", text)[-1].strip().strip(".")
    if not name or any(unicodedata.category(char) in _FORBIDDEN for char in name):
        raise ValueError(say("Give the file a name without control characters."))
    if len(name) > MAX_NAME:
        raise ValueError(say("Use {limit} characters at most.", limit=MAX_NAME))
    return name


def content_type_of(name: str, data: bytes) -> str:
    """Return the media type of a file, by its name's ending and its bytes together.

    Raises ValueError in plain words for a kind that isn't on the list, and where the two disagree.
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = KINDS.get(ending)
    if kind is None:
        raise ValueError(say("Files of this kind can't go along. These can: {known}.", known=", ".join(KINDS)))
    if not data:
        raise ValueError(say("This file is empty."))
    if not kind.holds(data):
        raise ValueError(say("What this file holds is not what its name says: {ending}.", ending=ending))
    return kind.content_type


def size_error(size: int, *, others: list[int]) -> Words | None:
    """Return why a file of so many bytes can't be added to others, if it can't."""
    if size > MAX_FILE:
        return say("A file may have {limit} MB at most.", limit=MAX_FILE // 1024**2)
    if len(others) >= MAX_FILES:
        return say("There may be {limit} files at most.", limit=MAX_FILES)
    if size + sum(others) > MAX_TOTAL:
        return say("All files together may have {limit} MB at most.", limit=MAX_TOTAL // 1024**2)
    return None


def good_file(file: NewFile, *, beside: Sequence[Beside] = ()) -> GoodFile:
    """Return a file that may go along beside others. Raises Invalid (`filename`, `content`)."""
    try:
        name = clean_name(file.filename)
    except ValueError as error:
        raise Invalid(said(error), field="filename") from error
    too_much = size_error(len(file.data), others=[one.size for one in beside])
    if too_much:
        raise Invalid(too_much, field="content")
    try:
        content_type = content_type_of(name, file.data)
    except ValueError as error:
        raise Invalid(said(error), field="content") from error
    if name.lower() in {one.filename.lower() for one in beside}:
        raise Invalid(say("A file of this name goes along already."), field="filename")
    return GoodFile(filename=name, content_type=content_type, data=file.data)


def good_files(
    files: Sequence[NewFile], *, beside: Sequence[Beside] = (), field: str = "attachments"
) -> list[GoodFile]:
    """Return files that may go along together, and beside others. Raises Invalid, which tells all that are wrong."""
    if len(files) + len(beside) > MAX_FILES:
        raise Invalid(say("There may be {limit} files at most.", limit=MAX_FILES), field=field)
    good: list[GoodFile] = []
    wrong: list[Words] = []
    for place, file in enumerate(files, start=1):
        try:
            taken = [*beside, *(Beside(one.filename, len(one.data)) for one in good)]
            good.append(good_file(file, beside=taken))
        except Invalid as error:
            wrong.append(say("{name}: {error}", name=_told_name(file, place), error=error.message))
    if wrong:
        message = wrong[0] if len(wrong) == 1 else say("Some of the files can't go along.")
        raise Invalid(message, errors={field: wrong})
    return good


def _told_name(file: NewFile, place: int) -> Words | str:
    """Return how a refusal names a file: by its place, where its name is none that could be shown."""
    try:
        return clean_name(file.filename)
    except ValueError:
        return say("File {number}", number=place)
