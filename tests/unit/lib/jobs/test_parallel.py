"""Reading ahead keeps order within an item, bounds what waits, and never hangs."""

import threading
import time

import pytest

from scripts.lib.jobs.parallel import map_in_threads, read_ahead


@pytest.mark.timeout(20)
@pytest.mark.parametrize("workers", [1, 3, 20])
def test_everything_arrives_once_and_in_its_items_order(workers):
    """Also with more workers than items, and with room for a single result."""
    results = list(read_ahead(lambda item: ((item, part) for part in range(item)), range(8), workers, 1))
    assert sorted(results) == [(item, part) for item in range(8) for part in range(item)]
    for item in range(8):
        assert [part for found, part in results if found == item] == list(range(item))


@pytest.mark.timeout(20)
def test_what_waits_is_bounded():
    """A slow consumer stops the producers: memory does not grow with the length of a clip."""
    produced = []

    def produce(_):
        for part in range(1000):
            produced.append(part)
            yield part

    results = read_ahead(produce, [0, 1], workers=2, depth=3)
    next(results)
    time.sleep(0.3)
    assert len(produced) <= 1 + 3 + 2
    results.close()


@pytest.mark.timeout(20)
def test_an_error_in_a_worker_is_raised_and_all_workers_end():
    """The job fails with the true reason instead of waiting for ever."""

    def produce(item):
        yield item
        if item == 2:
            raise ZeroDivisionError
        while True:
            yield item

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        for _ in read_ahead(produce, range(4), workers=3, depth=2):
            pass
    assert threading.active_count() == before


@pytest.mark.timeout(20)
def test_map_keeps_order():
    """Results come in the items' order, whoever is ready first."""
    assert list(map_in_threads(lambda item: time.sleep(0.05 / (item + 1)) or item, range(6), 3)) == list(range(6))
