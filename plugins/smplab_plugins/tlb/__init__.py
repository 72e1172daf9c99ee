"""Fillings of the slot `tlb`."""
