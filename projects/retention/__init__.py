"""What is kept how long, what falls due, and its erasure with a certificate (rules.md §9, integrity.md §1.6)."""
