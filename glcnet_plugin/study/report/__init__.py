"""Summarising a study: statistics, tables, figures, HTML."""
