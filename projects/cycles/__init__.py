"""The year's cycle: its planned sessions and the rulebook frozen when it opens."""
