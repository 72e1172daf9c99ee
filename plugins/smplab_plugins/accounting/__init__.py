"""Fillings of the slot `accounting`."""
