"""Verification as sweeps: points that the checker explores, their verdicts, counterexamples."""
