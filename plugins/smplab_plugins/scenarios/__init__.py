"""Scenarios for readers: classics of shared memory, right and wrong, each one file."""
