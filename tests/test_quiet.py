import subprocess
import sys

from lib.paths import PROJECT

CODE = """
import os, sys, types
keras = types.ModuleType("keras")
class Backend:
    def backend(self):
        os.write(2, b"I0000 00:00:1795425477.248416    8194 port.cc:153] oneDNN custom operations are on.\\n")
        os.write(2, b"something went wrong\\n")
        return "jax"
keras.backend = Backend()
sys.modules["keras"] = keras
from lib.training.quiet import import_keras
import_keras()
print("afterwards", file=sys.stderr)
"""


def test_start_up_notes_are_left_out_and_all_else_is_passed_on():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, cwd=PROJECT, check=True, timeout=60
    )
    assert done.stderr.splitlines() == ["something went wrong", "afterwards"]
