"""exits.py CODE COMMAND...: runs a command that has to exit with CODE."""

import subprocess
import sys

done = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
sys.stdout.buffer.write(done.stdout)
if done.returncode != int(sys.argv[1]):
    print(f"\nexits.py: exit code {done.returncode}, expected {sys.argv[1]}")
sys.exit(done.returncode != int(sys.argv[1]))
