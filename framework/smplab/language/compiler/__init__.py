"""The compiler: routines, through their syntax trees, to instructions."""
