"""四清一本通: one booklet of a township's year: who sits where, who answers for what, the road, the account (rules.md §1).

Read from the flows, the grants, the rulebook, the deadlines and the trail (`reading`), put together once (`composing`);
its page, its PDF and its Word file are all written from that.
"""
