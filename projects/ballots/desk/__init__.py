"""The tellers' desk of every vote: its acts and pages, the steps a flow is drawn with, what is done on the floor.

A room says where its vote is, what it is called, what has to be there before anybody votes and what follows its end; how
it is opened, counted, balanced and signed is `services` and the same for all (rules.md §6.2, integrity.md §2).
"""

from projects.ballots.desk.acts import Desk, file_minutes

__all__ = ["Desk", "file_minutes"]
