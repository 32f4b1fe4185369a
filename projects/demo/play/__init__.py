"""How each step is played by the cast: through the same doors as real work."""
