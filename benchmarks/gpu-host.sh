#!/bin/sh
# Tests and benchmarks of GpuVae on a machine without .NET, such as a bare GPU host. Where .NET is, one line makes everything that runs
# there, and one packs it (about 40 MB):
#
#   dotnet publish GpuVae.sln -c Release -r linux-x64 --self-contained -m:1 -p:PublishDir="$PWD/artifacts/host/"
#   tar cJf gpuvae-host.tar.xz --exclude='*.pdb' -C artifacts host
#
# On the GPU host, which needs the driver and, for the peers, a Python with PyTorch ($GPUVAE_PYTHON, or python3):
#
#   sh gpu-host.sh gpuvae-host.tar.xz [DEVICE [RESULTS]]
#
# DEVICE is cuda:0 if not given; RESULTS, gpuvae-results if not given, is the folder that receives
#
#   devices.txt                  what the machine has
#   tests.json, tests.txt        the table of all operations on every device, and tiles of every shape (CTRF)
#   limits.txt                   kernels beside the ceilings measured in the same run
#   peers/peers.json, peers.txt  in turns with PyTorch and cuBLAS (OpenBLAS on a CPU)
#   summary.json                 the machine, and how each part ended (0 is success)
#
# Ends with 0 if everything ran and all tests passed. GPUVAE_PEERS_OPTIONS adds options to the peers, such as "--rounds 1 --only gemm".

set -u

archive=${1:?"usage: sh gpu-host.sh gpuvae-host.tar.xz [DEVICE [RESULTS]]"}
device=${2:-cuda:0}
results=${3:-gpuvae-results}

mkdir -p "$results" || exit 2
results=$(cd "$results" && pwd)
unpacked=$(mktemp -d) || exit 2
trap 'rm -rf "$unpacked"' EXIT
tar xf "$archive" -C "$unpacked" || { echo "$archive cannot be unpacked" >&2; exit 2; }
bin=$unpacked/host

# Choices of kernels that somebody tuned here before would not be those of a fresh machine.
export GPUVAE_TUNING=off

run() {
    name=$1
    shift
    echo "== $name"
    "$@" > "$results/$name.txt" 2>&1
    code=$?
    tail -n 5 "$results/$name.txt"
    return $code
}

run devices "$bin/GpuVae.Cli" devices
devices=$?
run tests "$bin/GpuVae.Kernels.Tests" --filter-class '*.OpTests' --filter-class '*.GemmTileTests' \
    --results-directory "$results" --report-ctrf --report-ctrf-filename tests.json
tests=$?
run limits "$bin/GpuVae.Benchmarks" limits --device "$device"
limits=$?
# shellcheck disable=SC2086
run peers "$bin/GpuVae.Benchmarks" peers --device "$device" --out "$results/peers" ${GPUVAE_PEERS_OPTIONS:-}
peers=$?

text() {
    printf '%s' "$1" | tr -d '\000-\037"\\'
}
gpu=$(nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,power.limit --format=csv,noheader 2>/dev/null | head -n 1)
cat > "$results/summary.json" <<JSON
{
  "date": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "machine": "$(text "$(uname -srm)")",
  "gpu": "$(text "${gpu:-none found by nvidia-smi}")",
  "device": "$(text "$device")",
  "exit": { "devices": $devices, "tests": $tests, "limits": $limits, "peers": $peers }
}
JSON
echo "results are in $results"
[ "$devices$tests$limits$peers" = 0000 ]
