"""The rules of the logbook, as pure functions over plain values.

Nothing here does input or output, reads a clock, or imports a framework (import-linter holds it).
"""
