"""Works at once, on real threads and real connections."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from workflow.flows.errors import Refused
from workflow.machines.services import Conflict


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each work in a thread of its own, released together; what each returned, or the class of its refusal.

    Any other error of one is raised here.
    """
    barrier, ended = threading.Barrier(len(works)), list[Any]([None] * len(works))

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(20)
            ended[place] = work()
        except (Refused, Conflict) as refusal:
            ended[place] = type(refusal)
        except Exception as error:
            ended[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for error in ended:
        if isinstance(error, Exception):
            raise error
    return ended
