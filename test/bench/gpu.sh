#!/usr/bin/env bash
# Runs a prebuilt folder on a machine with an NVIDIA GPU; builds nothing. Make the folder, where dlc is
# built, with
#   test/bench/gpu.py FOLDER --pack
# and on the GPU's machine, with a copy of this repository and Python with numpy and torch:
#   test/bench/gpu.sh FOLDER [--stages families,outputs] [--report test/bench/RESULTS.md]
# First each kind of instruction by itself, then the outputs of all networks beside the CPU's, then their
# speed beside PyTorch's, then single layers with each tile. What goes wrong is told and left out of what
# follows; FOLDER/results.json keeps every result, and another call does the rest.
exec python3 -B "$(dirname "$0")/gpu.py" "$@"
