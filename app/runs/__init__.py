"""Runs: documents that are planned for many, looked at, and sent together by the worker; each kind is a feature's."""
