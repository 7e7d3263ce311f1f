"""Rows: where documents, tags, counters and remembered calls are kept."""
