"""Fillings of the slot `tracking`."""
