"""The domain: one Django app, one room per step of the year."""
