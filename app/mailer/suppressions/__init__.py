"""Suppressed addresses: what bounced, or what somebody asked for, gets nothing until a person lifts it."""
