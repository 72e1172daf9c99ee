"""How the points of a sweep are computed: one after the other, on processes, on Ray."""
