#!/bin/sh
# Puts the network ResNet-18 (ImageNet, 512 features) and its preprocessing as ONNX files into a folder, out of the NuGet package
# Microsoft.ML.DnnImageFeaturizer.ResNet18 (57 MB, MIT). For gpuvae evaluate:
#
#   gpuvae evaluate --features $(sh benchmarks/fetch-resnet18.sh [FOLDER])
#
# FOLDER is artifacts/resnet18 in the checkout if not given. Needs dotnet and a network.

set -eu

folder=${1:-$(dirname "$0")/../artifacts/resnet18}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ ! -f "$folder/ResNet18.onnx" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cat > "$work/fetch.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>netstandard2.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageDownload Include="Microsoft.ML.DnnImageFeaturizer.ResNet18" Version="[0.23.1]" /></ItemGroup>
</Project>
PROJECT
    dotnet restore "$work/fetch.csproj" --packages "$work/packages" -v q >&2
    models=$work/packages/microsoft.ml.dnnimagefeaturizer.resnet18/0.23.1/tools/DnnImageModels
    cp "$models/ResNetPrepOnnx/ResNetPreprocess.onnx" "$folder"
    cp "$models/ResNet18Onnx/ResNet18.onnx" "$folder/part"
    mv "$folder/part" "$folder/ResNet18.onnx"
fi
echo "$folder/ResNetPreprocess.onnx $folder/ResNet18.onnx"
