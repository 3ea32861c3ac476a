"""Mails as bytes, and the way that they travel: composing, the wire, the server's answers, and the catcher."""
