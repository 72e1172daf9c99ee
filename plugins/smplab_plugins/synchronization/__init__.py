"""Fillings of the slot `synchronization`."""
