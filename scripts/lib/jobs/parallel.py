"""Work on several clips in parallel threads."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL_SECONDS = 0.1


def map_in_threads(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """`function` of each item, in order. Decoders and OpenCV release the GIL, so threads scale."""
    pool = ThreadPoolExecutor(max_workers=max(1, workers))
    try:
        yield from pool.map(function, items)
    finally:
        # After an error, items that have not started are cancelled.
        pool.shutdown(cancel_futures=True)


def read_ahead(
    produce: Callable[[Item], Iterator[Result]], items: Iterable[Item], workers: int, depth: int
) -> Iterator[Result]:
    """What `produce` yields for each item, interleaved in the order of completion.

    One of `workers` threads works on each item, so its own results keep their order. The queue
    holds at most `depth` results. An exception in a worker is raised here. Closing the generator
    ends the workers.
    """
    todo: queue.SimpleQueue = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    ready: queue.Queue = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def put(entry: tuple) -> bool:
        while not stop.is_set():
            try:
                ready.put(entry, timeout=_POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            while not stop.is_set():
                try:
                    item = todo.get_nowait()
                except queue.Empty:
                    break
                for result in produce(item):
                    if not put(("result", result)):
                        return
            put(("finished", None))
        except BaseException as error:
            put(("error", error))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(max(1, workers))]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            kind, value = ready.get()
            if kind == "result":
                yield value
            elif kind == "error":
                raise value
            else:
                running -= 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
