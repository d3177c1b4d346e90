"""Alembic: one chain for both databases."""
