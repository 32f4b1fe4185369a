"""Of which of the room's acts a head of the trail is taken at once."""

from workflow.audit.hooks import mark_moments

mark_moments({"voting.announce": "publish"})
