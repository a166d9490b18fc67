#!/usr/bin/env bash
# Runs a prebuilt folder on a machine with an NVIDIA GPU; builds nothing. Make the folder, where dlc is
# built, with
#   test/bench/gpu.py --pack FOLDER
# and on the GPU's machine, with a copy of this repository and Python with numpy and torch:
#   test/bench/gpu.sh FOLDER [--report test/bench/RESULTS.md] [--json F]
# First each kind of kernel by itself, then the outputs of all networks beside the CPU's, then their speed
# beside PyTorch's. What goes wrong is told and left out of what follows.
exec python3 -B "$(dirname "$0")/gpu.py" "$@"
