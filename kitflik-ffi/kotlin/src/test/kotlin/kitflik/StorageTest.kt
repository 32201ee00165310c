package kitflik

import java.nio.file.Path
import kitflik.core.*
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** One list of cases for every storage, also for the one that is written here. */
class StorageTest {
    /** Sells every seat twice. */
    class ChecksOff : MemoryStore() {
        override fun holds(check: Check) = true
    }

    private fun failures(storage: Storage) = runBlocking {
        conformanceCases().mapNotNull { name ->
            try {
                runConformanceCase(storage, name)
                null
            } catch (failure: ConformanceFailure.Failed) {
                failure.caseName to failure.detail
            }
        }.toMap()
    }

    @Test
    fun `a store in Kotlin conforms`() {
        assertTrue(conformanceCases().size > 50)
        assertEquals(mapOf<String, String>(), failures(MemoryStore()))
    }

    @Test
    fun `the built-in stores conform`(@TempDir directory: Path) {
        assertEquals(mapOf<String, String>(), failures(memoryStorage()))
        val sled = sledStorage("$directory") as StorageImpl
        sled.use { assertEquals(mapOf<String, String>(), failures(it)) }
    }

    @Test
    fun `without checks a store fails by name`() {
        val failed = failures(ChecksOff()).keys
        for (name in listOf("absent_conflicts_with_a_row", "one_of_many_inserts_wins", "no_increment_is_lost")) {
            assertTrue(name in failed, "$name is not among $failed")
        }
        assertFalse("a_row_comes_back_as_it_was_put" in failed)
    }
}
