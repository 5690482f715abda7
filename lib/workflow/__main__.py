"""``python -m lib.workflow``."""

import sys

from lib.workflow.cli import main

sys.exit(main())
