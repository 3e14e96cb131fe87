using System.Reflection;
using System.Text;
using GpuVae.Simd.Ir;
using ILOpCode = System.Reflection.Metadata.ILOpCode;

namespace GpuVae.Simd.Frontend;

/// <content>Why something cannot be part of a kernel, where it is, and what to write instead.</content>
internal sealed partial class KernelBuilder
{
    /// <summary>The exception that names kernel, method, line and way out.</summary>
    public Exception Refuse(string what, string advice)
    {
        Frame user = UserFrame();
        string through = "";
        if (!ReferenceEquals(user, frame))
        {
            Frame outermost = frame;
            while (!ReferenceEquals(outermost.Caller, user))
                outermost = outermost.Caller!;
            through = $" (inside '{SequencePoints.NameOf(outermost.Body.Method)}', which is called there)";
            if (IsForeign(outermost.Body.Method))
                advice = AdviceFor(outermost.Body.Method);
        }
        var message = new StringBuilder();
        message.Append($"Kernel '{kernel.Name}' cannot be compiled: {what}{through}, in {Where(user)}. {advice}");
        for (Frame? f = user.Caller; f is not null; f = f.Caller)
            message.Append($" Called from {Where(f)}.");
        return new KernelCompilationException(message.ToString());

        static string Where(Frame f) => SequencePoints.Find(f.Body.Method, f.Instruction.Offset).ToString();
    }

    /// <summary>Code of the runtime or of ILGPU, whose lines say nothing to the kernel's author.</summary>
    private static bool IsForeign(MethodBase method) => IsRuntime(method)
        || (method.Module.Assembly.GetName().Name is { } assembly && (assembly == "ILGPU" || assembly == "ILGPU.Algorithms"));

    private static bool IsRuntime(MethodBase method) =>
        method.Module == typeof(object).Module
        || (method.DeclaringType?.Namespace?.StartsWith("System", StringComparison.Ordinal) ?? false);

    /// <summary>Locations are kept where somebody reports them: in checked mode and for assertions.</summary>
    private void SetLocation()
    {
        if (Target.Kind == TargetKind.Checked || Target.Assertions)
            ssa.Location = UserFrame().Location;
    }

    /// <summary>The innermost call of the user's own code.</summary>
    private Frame UserFrame()
    {
        Frame user = frame;
        while (user.Caller is not null && IsForeign(user.Body.Method))
            user = user.Caller;
        return user;
    }

    private Exception RefuseInstruction(ILOpCode code) => code switch
    {
        ILOpCode.Box or ILOpCode.Unbox or ILOpCode.Unbox_any or ILOpCode.Castclass or ILOpCode.Isinst =>
            Refuse(
                "a value is boxed, cast to or from an object",
                "Use generics with struct constraints; in interpolated strings and object parameters values are boxed."),
        ILOpCode.Ldftn or ILOpCode.Ldvirtftn => RefuseDelegate("a delegate or lambda is made"),
        ILOpCode.Localloc => Refuse("stackalloc is used", "Use LocalMemory.Allocate<T>(constant)."),
        ILOpCode.Calli => Refuse("a function pointer is called", "Pass a functor: a struct type parameter with an interface."),
        ILOpCode.Ldelem_ref or ILOpCode.Stelem_ref or ILOpCode.Ldind_ref or ILOpCode.Stind_ref =>
            Refuse("an array or field of references is accessed", "Kernels have no objects; use views of value types."),
        ILOpCode.Leave or ILOpCode.Endfinally or ILOpCode.Endfilter =>
            Refuse("try/catch/finally is used", "Kernels have no exceptions; remove it."),
        ILOpCode.Add_ovf or ILOpCode.Add_ovf_un or ILOpCode.Sub_ovf or ILOpCode.Sub_ovf_un or ILOpCode.Mul_ovf or ILOpCode.Mul_ovf_un =>
            Refuse(
                "arithmetic is checked for overflow",
                "Kernels have no exceptions; write unchecked(…) or compile without overflow checks."),
        _ => Refuse($"the IL instruction {code} is used", "It has no meaning on a device."),
    };

    private Exception RefuseDelegate(string what) =>
        Refuse(what, "Call the method directly, or pass a functor: a struct type parameter with an interface.");

    private Exception RefuseThrow() => Refuse(
        "an exception is thrown", "Kernels have no exceptions: return early, or use Debug.Assert for conditions that must hold.");

    private static string AdviceFor(MethodBase method) => (method.DeclaringType?.FullName, method.Name) switch
    {
        ("System.Math" or "System.MathF", "Clamp") => "Use XMath.Clamp.",
        ("System.Math" or "System.MathF", _) => "Use the XMath function of that name.",
        ("System.Console", _) => "Use Interop.WriteLine.",
        _ => "Only methods whose IL can be inlined, and the intrinsics of the ILGPU API, can be called in a kernel.",
    };
}
