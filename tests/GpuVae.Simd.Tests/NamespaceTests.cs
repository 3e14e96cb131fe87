using GpuVae.TestSupport;

namespace GpuVae.Simd.Tests;

/// <summary>The folders of the accelerator stand on each other in one order.</summary>
public sealed class NamespaceTests
{
    /// <summary>From the ground up; the last is the package's own namespace, ILGPU's face.</summary>
    private static readonly string[] Floors =
        ["Ir", "Analyses", "Passes", "Frontend", "Memory", "Emit", "Workers", "Launch", "Checked", ""];

    /// <summary>
    /// What users catch, and what it tells them. It stands at the top, where they look for it, and is thrown wherever a fault is found; it
    /// knows nothing of any floor itself.
    /// </summary>
    private static readonly Type[] Thrown =
        [typeof(KernelCompilationException), typeof(SimdAcceleratorException), typeof(KernelCheckException), typeof(KernelDefect)];

    [Fact]
    public void NoFolderUsesOneAboveItExceptToThrow() => Assert.DoesNotContain(
        NamespaceOrder.Check(typeof(SimdDevice).Assembly, Floors),
        violation => !Array.Exists(Thrown, t => violation.Contains($" uses {t.Name},")));

    [Fact]
    public void WhatIsThrownUsesNoFolder() => Assert.DoesNotContain(
        NamespaceOrder.Check(typeof(SimdDevice).Assembly, ["", .. Floors[..^1]]),
        violation => Array.Exists(Thrown, t => violation.StartsWith(t.Name + " ")));

    [Fact]
    public void AFolderThatUsesOneAboveItIsNamed() => Assert.Contains(
        NamespaceOrder.Check(typeof(SimdDevice).Assembly, ["Passes", "Ir", "Analyses", .. Floors[3..]]),
        violation => violation.StartsWith("Passes.DeadCode uses Ir.IrKernel,"));
}
