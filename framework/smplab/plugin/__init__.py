"""Plugins: what they may add, who added it, and what an absent or broken one does."""
