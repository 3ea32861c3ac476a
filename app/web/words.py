"""Texts in the language of whoever reads them: pages by Jinja's finalize, errors and flashes by `translated`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, flash
from flask_babel import format_decimal, get_translations
from jinja2 import pass_context, pass_eval_context
from jinja2.filters import do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup

from app.core.words import Words


def translated(value: Any) -> Any:
    """Return a text, or a structure of texts, in the language of the request; what is no Words stays as it is."""
    if isinstance(value, Words):
        return _text(value)
    if isinstance(value, Mapping):
        return {name: translated(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [translated(part) for part in value]
    return value


def tell(message: str, category: str = "success") -> None:
    """Show a message on the next page, in the language of this request."""
    flash(translated(message), category)


def init_app(app: Flask) -> None:
    """Have every text that a template shows translated where it is shown."""
    app.jinja_options = {**app.jinja_options, "finalize": _finalised}


def install_in_templates(app: Flask) -> None:
    """Have templates translate the values of a text and the parts of a list too; after Flask-Babel is in place."""
    app.jinja_env.globals.update(gettext=_gettext, ngettext=_ngettext)
    app.jinja_env.filters["join"] = _join


def _finalised(value: Any) -> Any:
    return _text(value) if isinstance(value, Words) else value


def _text(words: Words) -> str:
    values = {name: translated(value) for name, value in words.values.items()}
    if words.plural is None:
        return _looked_up(words.template).format_map(values)
    template = get_translations().ungettext(words.template, words.plural, words.number)
    return template.format_map({**values, "count": format_decimal(words.number)})


def _looked_up(text: str) -> str:
    # A catalogue keeps its own description under the empty text.
    return get_translations().ugettext(text) if text else ""


@pass_context
def _gettext(context: Context, text: str, /, **values: Any) -> str:
    return _filled(context, _looked_up(str(text)), values)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, num: int, /, **values: Any) -> str:
    text = get_translations().ungettext(singular, plural, num)
    return _filled(context, text, {"num": format_decimal(num), **values})


def _filled(context: Context, text: str, values: Mapping[str, Any]) -> str:
    """Fill in a text's values; in a page they are escaped, and the text itself, which is the catalogue's, is not."""
    template = Markup(text) if context.eval_ctx.autoescape else text  # noqa: S704  no text of the catalogue has markup
    return template % {name: translated(value) for name, value in values.items()}


@pass_eval_context
def _join(eval_ctx: EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """Join texts as Jinja does, each in the reader's language."""
    if attribute is not None:
        return do_join(eval_ctx, value, d, attribute)
    return do_join(eval_ctx, [translated(part) for part in value], translated(d))
