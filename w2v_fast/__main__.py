# PYTHON_ARGCOMPLETE_OK
"""`python -m w2v_fast`: the same as the command `w2v-fast`."""

import sys

from w2v_fast.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
