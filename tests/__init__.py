"""Where the tests are. The garbage collector looks less often from here on: a fifth of the time was its."""

import gc

gc.set_threshold(50_000, 20, 100)
