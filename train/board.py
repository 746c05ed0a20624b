"""How far a training is: its workers put standings on a tally, wherever they run, and the driver shows their sum."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from infra.cluster import Tally
from infra.progress import Progress, console


@dataclass(frozen=True)
class Standing:
    """What one of those at work says: how much is done, and a note for the line.

    `begun` is what was there already when the work began, `news` a line to be said once, when it is new.
    """

    done: int
    note: str = ""
    begun: int | None = None
    news: str = ""


@contextmanager
def shown(
    title: str, total: int, unit: str, tally: Tally, tell: Callable[[str], None] = lambda news: None
) -> Iterator[None]:
    """Show the sum of a tally's standings on this machine for the length of the block; `tell` gets their news."""
    ended = threading.Event()

    def show(progress: Progress) -> None:
        begun, told = None, ""
        while not ended.wait(1.0):
            standings: list[Standing] = list(tally.counts().values())
            for standing in standings:
                if standing.news and standing.news != told:
                    told = standing.news
                    console.print(f"{title}: {told}")
                    tell(told)
                if standing.begun is not None and standing.begun != begun:
                    begun = standing.begun
                    progress.start_from(begun)  # the clock starts with the first step, not with the workers' start
            if standings:
                progress.update(sum(standing.done for standing in standings), standings[-1].note)

    with Progress(title, total, unit) as progress:
        thread = threading.Thread(target=show, args=(progress,), daemon=True)
        thread.start()
        try:
            yield
            progress.update(total)
        finally:
            ended.set()
            thread.join()
