"""Settings, addresses and processes: how the rooms are put on the air."""
