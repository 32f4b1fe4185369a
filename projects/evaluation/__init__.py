"""Step 6, evaluation: satisfaction, ratings and what follows from them (rules.md §8)."""
