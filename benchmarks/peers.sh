#!/usr/bin/env bash
# Times GpuVae on the processor and its peers of today in turns: libtorch 2.10 (MKL, oneDNN; through TorchSharp), PyTorch 2.6 eager and
# compiled, and OpenBLAS 0.3.29, each on one thread and on all.
#   benchmarks/peers.sh [--bits 256] [OPTION...]            the options are those of GpuVae.Benchmarks' peers
#   benchmarks/peers.sh [--bits 256] scaling [OPTION...]    how a step grows, beside libtorch
# With --bits 256, ours and all peers keep to vectors of 256 bits. The first run fetches 600 MB of packages and makes a tree of Debian
# trixie of 2.5 GB (.ci/trixie, whose exit code 77 says that it cannot): that is where the peers are, and the libstdc++ that libtorch wants.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1:-} == --bits ]]; then
    [[ ${2:-} == 256 ]] || { echo "--bits takes 256; without it, vectors are as long as the processor has them" >&2; exit 2; }
    export DOTNET_EnableAVX512=0 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2 DNNL_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell
    shift 2
fi

[[ ${1:-} == scaling ]] || set -- peers "$@"

for project in GpuVae.Benchmarks GpuVae.Torch; do
    dotnet build -c Release -v q --nologo "benchmarks/$project"
done
program() { echo "$PWD/benchmarks/$1/bin/Release/net10.0/$1.dll"; }
GPUVAE_LIBTORCH=$(program GpuVae.Torch)

# Choices of kernels that somebody tuned here before would not be those of a fresh machine. Of OpenBLAS's two builds the one on OpenMP: the
# threads of the other and PyTorch's own wait for each other, and a step takes ten times as long.
export GPUVAE_LIBTORCH GPUVAE_TUNING=off LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/openblas-openmp
# Code that PyTorch compiles calls Sleef, which is inside of libtorch elsewhere and a library of its own on Debian.
exec .ci/trixie trixie-peers libopenblas0-openmp,python3-torch,libtorch-dev,libsleef-dev,python3-dev,g++ \
    env LD_PRELOAD=libsleef.so.3 dotnet "$(program GpuVae.Benchmarks)" "$@"
