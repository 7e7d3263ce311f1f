"""Servers under faults: killed, stopped, out of disk, damaged, in competition; nothing is lost."""
