"""Mends two faults of the generated asyncio code, and fails if it does not find them: then look whether they are gone.

- A coroutine of the host's that ends by `CancelledError` or another `BaseException` must answer too, or its caller waits
  for ever.
- A call may be dropped on another thread than the event loop's.

    python3 finish.py FOLDER_OF_THE_GENERATED_MODULES
"""

import pathlib
import sys

UNANSWERED = """\
        except Exception as e:
            print("UniFFI: Unhandled exception in trait interface call", file=sys.stderr)
            traceback.print_exc(file=sys.stderr)
"""
ANSWERED = """\
        except BaseException as e:
            if not isinstance(e, asyncio.CancelledError):
                print("UniFFI: Unhandled exception in trait interface call", file=sys.stderr)
                traceback.print_exc(file=sys.stderr)
"""
ON_THE_LOOP = "    eventloop.call_soon(_uniffi_cancel_task, task)\n"
ON_ANY_THREAD = "    eventloop.call_soon_threadsafe(_uniffi_cancel_task, task)\n"

module = pathlib.Path(sys.argv[1]) / "kitflik_core.py"
text = module.read_text()
if text.count(UNANSWERED) != 2 or text.count(ON_THE_LOOP) != 1:
    sys.exit(f"{module}: the generated code has changed, see {__file__}")
module.write_text(text.replace(UNANSWERED, ANSWERED).replace(ON_THE_LOOP, ON_ANY_THREAD))
