"""How well an experiment agrees with its reference data: targets, verdicts, their table."""
