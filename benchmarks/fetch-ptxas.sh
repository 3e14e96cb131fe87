#!/bin/sh
# Puts NVIDIA's assembler ptxas (11.8) into a folder, out of Debian's package nvidia-cuda-toolkit (84 MB, non-free): that one file, and
# nothing is installed.
#
#   sh benchmarks/fetch-ptxas.sh [FOLDER]
#
# FOLDER is artifacts/ptxas in the checkout if not given. Prints the path of the file, which GPUVAE_PTXAS holds for the tests of the
# kernels; docs/gpu-kernels.md is written by one of them. Needs apt-get and dpkg of Debian, and a network, but not root.

set -eu

folder=${1:-$(dirname "$0")/../artifacts/ptxas}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ -x "$folder/ptxas" ]; then
    echo "$folder/ptxas"
    exit 0
fi
for tool in apt-get dpkg; do
    command -v "$tool" > /dev/null || { echo "fetch-ptxas.sh needs $tool, of Debian" >&2; exit 1; }
done

# Sources and lists of its own: those of the system stay as they are.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm non-free" > "$work/sources.list"
cat > "$work/apt.conf" <<CONF
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::Cache "$work/cache";
APT::Sandbox::User "$(id -un)";
CONF
export APT_CONFIG="$work/apt.conf"
apt-get update -qq >&2
(cd "$work" && apt-get download -qq nvidia-cuda-toolkit >&2)
# dpkg unpacks all of a package; --fsys-tarfile lets tar take one file.
dpkg --fsys-tarfile "$work"/nvidia-cuda-toolkit_*.deb | tar -xO ./usr/bin/ptxas > "$folder/ptxas.part" || {
    echo "the package has no usr/bin/ptxas" >&2
    rm -f "$folder/ptxas.part"
    exit 1
}
chmod +x "$folder/ptxas.part"
mv "$folder/ptxas.part" "$folder/ptxas"
echo "$folder/ptxas"
