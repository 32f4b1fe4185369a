"""What a box of ballots comes to, in plain Python and with none of the product's code: the model's half of the count."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

# Candidate → "for", "against" or "abstain", in the order the deputy marks them: that of urgency, by rank.
Marks = dict[str, str]
Sums = dict[str, tuple[int, int, int]]  # candidate → votes for, votes against, points


@dataclass(frozen=True)
class PlainPaper:
    """What stands on a ballot and who is elected by it. needed: votes; capped: in mode each, no more for than seats."""

    titles: tuple[str, ...]
    seats: int
    mode: str
    capped: bool
    needed: int

    def written(self, said: Marks) -> object:
        """The ballot as it is cast."""
        return dict(said) if self.mode == "each" else list(said)

    def is_sound(self, said: Marks) -> bool:
        """Whether it is valid: of this paper, and with no more marks than places where the paper caps them."""
        marked = list(said.values()).count("for") if self.mode == "each" else len(said)
        most = self.seats if self.mode != "each" or self.capped else len(self.titles)
        return set(said) <= set(self.titles) and marked <= most

    def sums(self, ballots: Collection[Marks]) -> Sums:
        return {title: self._sum(title, ballots) for title in self.titles}

    def _sum(self, title: str, ballots: Collection[Marks]) -> tuple[int, int, int]:
        named = [said for said in ballots if title in said]
        if self.mode == "each":
            marks = [said[title] for said in named]
            return marks.count("for"), marks.count("against"), 0
        # By rank the first of `seats` places is worth as many points.
        points = [self.seats - list(said).index(title) for said in named] if self.mode == "rank" else []
        return len(named), 0, sum(points)

    def result(self, ballots: Collection[Marks]) -> tuple[list[str], set[str]]:
        """Who is elected, by votes or by points and then votes, and who ties for the places left."""
        of = {title: (points, votes) for title, (votes, _against, points) in self.sums(ballots).items()}
        passed = sorted((t for t in of if of[t][1] >= self.needed), key=lambda t: of[t], reverse=True)
        if len(passed) <= self.seats or of[passed[self.seats - 1]] > of[passed[self.seats]]:
            return passed[: self.seats], set()
        last = of[passed[self.seats]]
        return [t for t in passed if of[t] > last], {t for t in passed if of[t] == last}

    def run_off(self, elected: Collection[str], tied: Collection[str]) -> PlainPaper:
        """Those tied for the places left: the most votes decide."""
        titles = tuple(title for title in self.titles if title in tied)
        return PlainPaper(titles, self.seats - len(elected), "select", False, 1)
