"""Fillings of the slot `grace`: grace periods."""
