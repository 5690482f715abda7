"""``python -m lib.workflow``."""

import sys

from lib.isolation import unbroken_streams
from lib.workflow.cli import main

unbroken_streams()
sys.exit(main())
