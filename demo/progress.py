"""Progress of a long run on a terminal, or line by line in a log file."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Step:
    """One step that is under way.

    Args:
        title: What it does.
        console: Where to print.
    """

    def __init__(self, title: str, console: Console) -> None:
        self.title = title
        self.console = console
        self.result = ''
        self.start = time.time()
        self.told = 0

    def tick(self, done: int, total: int) -> None:
        """Show how far the step is: all the time on a terminal, else every tenth."""
        tenth = 10 * done // total
        left = (time.time() - self.start) / done * (total - done)
        text = f'{self.title}: {done}/{total}, {left:.0f} s left'
        if self.console.is_terminal:
            self.console.print(text, end='\r', soft_wrap=True)
        elif tenth > self.told:
            self.console.print(text)
        self.told = tenth

    def say(self, result: str) -> None:
        """Add a result to the closing line."""
        self.result = f': {result}'


class Steps:
    """Numbers the steps of a run.

    Args:
        total: Number of steps.
    """

    def __init__(self, total: int) -> None:
        self.console = Console(highlight=False, width=None if Console().is_terminal else 110)
        self.total = total
        self.done = 0

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Announce a step, and say when it is done and how long it took."""
        self.done += 1
        head = f'[{self.done}/{self.total}]'.replace('[', r'\[')
        if self.console.is_terminal:
            self.console.print(f'{head} {title} ...', end='\r')
        step = Step(title, self.console)
        yield step
        seconds = time.time() - step.start
        self.console.print(f'{head} {title}{step.result} ({seconds:.0f} s)'.ljust(90))
