package kitflik

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What every platform and language must answer alike. */
class VectorsTest {
    private val vectors: List<JsonObject> =
        JsonParser.parseString(Files.readString(Path.of("../../kitflik-core/tests/vectors.json")))
            .asJsonArray.map { it.asJsonObject }

    private fun answer(kind: String, input: String) =
        runBlocking { JsonParser.parseString(vectorAnswer(kind, input)) }

    @Test
    fun `the answers are the core's`() {
        assertTrue(vectors.size > 40)
        for (vector in vectors) {
            val answer = answer(vector["kind"].asString, vector["input"].toString())
            assertEquals(vector["answer"], answer, vector["name"].asString)
        }
    }

    @Test
    fun `another answer is noticed`() {
        val ticket = vectors.first { it["name"].asString == "genuine" }
        val input = ticket["input"].asJsonObject.deepCopy()
        input.addProperty("token", input["token"].asString.dropLast(4) + "AAAA")
        assertNotEquals(ticket["answer"], answer("ticket", input.toString()))
    }
}
