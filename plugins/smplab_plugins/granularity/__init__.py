"""Fillings of the slot `granularity`."""
