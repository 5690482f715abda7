"""Keras without the notes that TensorFlow writes to standard error when it starts."""

import os
import re
import sys
import tempfile

START_UP = re.compile(
    r"WARNING: All log messages before absl::InitializeLog|[IWE]0000 00:00:\d+\.\d+ +\d+ "
    r"(port|cudart_stub|cpu_feature_guard|cuda_platform)\.cc|To enable the following instructions:"
)


def import_keras():
    """Import Keras and its backend for a command line.

    TensorFlow writes some notes before it knows of any setting, so they are taken off the file descriptor; whatever
    else is said meanwhile is passed on.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        try:
            import keras

            if keras.backend.backend() == "tensorflow":
                import tensorflow

                tensorflow.config.list_physical_devices()  # the last notes come with the first look at devices
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            captured.seek(0)
            for line in captured.read().decode(errors="replace").splitlines():
                if line.strip() and not START_UP.match(line):
                    print(line, file=sys.stderr)
    return keras
