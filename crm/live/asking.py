"""How the event loop asks the database: in threads of its own, and once for all who ask at the same time.

Channels gives all such calls of a process one thread. When hundreds come back, the hub's own questions to the log would
wait in it behind theirs, each with statements of its own.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from django.db import close_old_connections

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MOST = 100  # questions that are answered together
# With WEB_THREADS and the writer of timings they stay within a process's connections.
threads = ThreadPoolExecutor(3, thread_name_prefix="live")


async def ask(question: Callable[..., Answer], *args: object, **more: object) -> Answer:
    """The result of this call in a thread, whose connection goes back to the pool afterwards."""
    return await asyncio.get_running_loop().run_in_executor(threads, with_connection, partial(question, *args, **more))


def with_connection(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    finally:
        close_old_connections()


class Together(Generic[Question, Answer]):
    """Answers many by one call: who asks while one is under way waits with all others who do for the next."""

    def __init__(self, answer: Callable[[Sequence[Question]], Sequence[Answer]]) -> None:
        """`answer` is called in a thread; it gives one answer for each question, in their order."""
        self.answer = answer
        self.waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self.answering: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """Raises what the call for it and those beside it raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self.waiting.append((question, future))
        if self.answering is None or self.answering.done():
            self.answering = loop.create_task(self.answer_all())
        return await future

    async def answer_all(self) -> None:
        while self.waiting:
            asked, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
            try:
                answers = await ask(self.answer, [question for question, _ in asked])
            except Exception as error:  # whoever asked is told, as of a failure of her own
                for _, future in asked:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), answer in zip(asked, answers, strict=True):
                    if not future.done():  # else she gave up
                        future.set_result(answer)
