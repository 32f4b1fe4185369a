"""Backups: made each night, rotated, tried out in a server of their own, and put back where everything was lost."""
