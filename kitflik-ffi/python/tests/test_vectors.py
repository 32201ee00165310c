"""What every platform and language must answer alike."""

import json
import pathlib
import unittest

import kitflik as k

FILE = pathlib.Path(__file__).parents[3] / "kitflik-core/tests/vectors.json"


class Vectors(unittest.IsolatedAsyncioTestCase):
    async def test_the_answers_are_the_cores(self):
        vectors = json.loads(FILE.read_text(encoding="utf-8"))
        self.assertGreater(len(vectors), 40)
        for vector in vectors:
            with self.subTest(kind=vector["kind"], name=vector["name"]):
                answer = await k.vector_answer(vector["kind"], json.dumps(vector["input"]))
                self.assertEqual(json.loads(answer), vector["answer"])

    async def test_another_answer_is_noticed(self):
        """The comparison can fail: another input has another answer."""
        vectors = json.loads(FILE.read_text(encoding="utf-8"))
        ticket = next(vector for vector in vectors if vector["name"] == "genuine")
        ticket["input"]["at"] = "2026-11-27T18:00:00Z"
        ticket["input"]["token"] = ticket["input"]["token"][:-4] + "AAAA"
        answer = await k.vector_answer("ticket", json.dumps(ticket["input"]))
        self.assertNotEqual(json.loads(answer), ticket["answer"])

    async def test_a_kind_that_is_not_there_is_an_error(self):
        with self.assertRaises(k.KitflikError.Invalid):
            await k.vector_answer("no_such_kind", "{}")
