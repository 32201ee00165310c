"""One list of cases for every storage, also for the one that is written here."""

import unittest

import kitflik as k
from support import MemoryStore


class ChecksOff(MemoryStore):
    """Sells every seat twice."""

    def holds(self, check):
        return True


async def failures(storage):
    failed = {}
    for case in k.conformance_cases():
        try:
            await k.run_conformance_case(storage, case)
        except k.ConformanceFailure.Failed as failure:
            failed[failure.case_name] = failure.detail
    return failed


class Conformance(unittest.IsolatedAsyncioTestCase):
    async def test_a_store_in_python_conforms(self):
        self.assertGreater(len(k.conformance_cases()), 50)
        self.assertEqual(await failures(MemoryStore()), {})

    async def test_the_built_in_store_conforms(self):
        self.assertEqual(await failures(k.memory_storage()), {})

    async def test_without_checks_a_store_fails_by_name(self):
        failed = await failures(ChecksOff())
        for case in ("absent_conflicts_with_a_row", "one_of_many_inserts_wins", "no_increment_is_lost"):
            self.assertIn(case, failed)
        self.assertNotIn("a_row_comes_back_as_it_was_put", failed)

    async def test_a_case_that_is_not_there_is_an_error(self):
        with self.assertRaises(k.ConformanceFailure.Failed):
            await k.run_conformance_case(MemoryStore(), "no_such_case")
