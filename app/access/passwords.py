"""What a password of a user must be: long, rather than decorated (NIST SP 800-63B, OWASP ASVS 5.0, 6.2)."""

from __future__ import annotations

from flask_appbuilder.exceptions import PasswordComplexityValidationError

from app.core.words import say

MIN_LENGTH = 12
MAX_LENGTH = 128


def check_password(password: str) -> None:
    """Refuse a password that is too short, too long, or of hardly any different characters.

    Raises PasswordComplexityValidationError, whose text says what to do.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordComplexityValidationError(
            say("Use {least} to {most} characters; a few words will do.", least=MIN_LENGTH, most=MAX_LENGTH)
        )
    if len(set(password)) < MIN_LENGTH // 3:
        raise PasswordComplexityValidationError(say("Use more different characters; a few words will do."))
