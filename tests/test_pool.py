import os
import time

import pytest

from lib import pool


def work(item):
    if item == "hang":
        time.sleep(60)
    if item == "die":
        os._exit(7)
    if item == "raise":
        raise ValueError("bad clip")
    if item == "eat":
        return len(bytes(8 * 2**30))
    return item * 2


def threads(item):
    import numpy as np  # as late as a worker loads what it needs: with an item
    from threadpoolctl import threadpool_info

    return [library["num_threads"] for library in threadpool_info()], float(np.ones(2) @ np.ones(2))


def test_a_worker_computes_with_one_thread():
    ((_, (found, _), reason),) = pool.run(threads, ["a"], workers=1)
    assert reason == "" and set(found) <= {1}


def test_one_bad_item_is_a_reason_and_the_others_go_on():
    items = ["a", "raise", "b", "die", "c", "eat", "hang", "d"]
    outcomes = list(pool.run(work, items, workers=2, timeout_s=3))
    assert [item for item, _, _ in outcomes] == items
    results = {item: (result, reason) for item, result, reason in outcomes}
    for good in "abcd":
        assert results[good] == (good * 2, "")
    assert results["raise"] == (None, "ValueError: bad clip")
    assert "exit code 7" in results["die"][1]
    assert results["eat"] == (None, "MemoryError: ")
    assert "longer than 3 s" in results["hang"][1]


def test_items_are_read_a_few_ahead_only():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield str(number)

    for done, _ in enumerate(pool.run(work, items(), workers=1), start=1):
        assert len(taken) <= done + 4


def test_no_worker_outlives_a_caller_that_stops():
    outcomes = pool.run(work, (str(n) for n in range(1000)), workers=1)
    next(outcomes)
    outcomes.close()
    with pytest.raises(StopIteration):
        next(outcomes)
