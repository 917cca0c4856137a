"""For all tests: what a shell that starts them in the background takes away."""

import signal

# A shell without job control has its background jobs ignore Ctrl-C, and these would hand
# that on to the processes which some tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
