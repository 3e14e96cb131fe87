using System.Globalization;
using System.Runtime.CompilerServices;
using GpuVae.Simd.Ir;
using ILGPU;

namespace GpuVae.Simd.Checked;

/// <content>What each step of a thread does.</content>
internal sealed unsafe partial class CheckedGroup
{
    private void RunThread()
    {
        currentIndex = ThreadIndex(current);
        ulong* r = Registers(current);
        Step[] steps = program.Steps;
        int position = positions[current];
        while (true)
        {
            ref readonly Step step = ref steps[position];
            switch (step.Kind)
            {
                case StepKind.AddI32:
                    r[step.Result] = (uint)r[step.A] + (uint)r[step.B];
                    break;
                case StepKind.SubI32:
                    r[step.Result] = (uint)r[step.A] - (uint)r[step.B];
                    break;
                case StepKind.MulI32:
                    r[step.Result] = (uint)r[step.A] * (uint)r[step.B];
                    break;
                case StepKind.AddF32:
                    r[step.Result] = Bits(Float(r[step.A]) + Float(r[step.B]));
                    break;
                case StepKind.SubF32:
                    r[step.Result] = Bits(Float(r[step.A]) - Float(r[step.B]));
                    break;
                case StepKind.MulF32:
                    r[step.Result] = Bits(Float(r[step.A]) * Float(r[step.B]));
                    break;
                case StepKind.LessI32:
                    r[step.Result] = (int)r[step.A] < (int)r[step.B] ? 1UL : 0;
                    break;
                case StepKind.Unary:
                    r[step.Result] = ScalarEvaluator.Evaluate((UnaryOp)step.Operation, step.Type, r[step.A]);
                    break;
                case StepKind.Binary:
                    var op = (BinaryOp)step.Operation;
                    if (ScalarEvaluator.IsUndefined(op, step.Type, r[step.B]))
                        throw Defect(KernelDefect.DivisionByZero, step.Source, "an integer is divided by zero");
                    r[step.Result] = ScalarEvaluator.Evaluate(op, step.Type, r[step.A], r[step.B]);
                    break;
                case StepKind.Compare:
                    r[step.Result] = ScalarEvaluator.Evaluate((CompareOp)step.Operation, step.Type, r[step.A], r[step.B]) ? 1UL : 0;
                    break;
                case StepKind.Convert:
                    r[step.Result] = ScalarEvaluator.Evaluate((ConvertOp)step.Operation, step.Type, (IrType)step.Extra, r[step.A]);
                    break;
                case StepKind.Fma:
                    r[step.Result] = ScalarEvaluator.FusedMultiplyAdd(step.Type, r[step.A], r[step.B], r[step.C]);
                    break;
                case StepKind.Select:
                    r[step.Result] = r[step.A] != 0 ? r[step.B] : r[step.C];
                    break;
                case StepKind.Address:
                    long index = step.Operation == (byte)IrType.I32 ? (int)r[step.B] : (long)r[step.B];
                    r[step.Result] = (ulong)((long)r[step.A] + (index * step.Alignment) + step.Extra);
                    break;
                case StepKind.Load:
                    r[step.Result] = Read(Check(step, position, r[step.A], step.Type.SizeOf(), Access.Read), step.Type);
                    break;
                case StepKind.Store:
                    Write(Check(step, position, r[step.A], step.Type.SizeOf(), Access.Write), step.Type, r[step.B]);
                    break;
                case StepKind.Atomic:
                    ulong* atomic = Check(step, position, r[step.A], step.Type.SizeOf(), Access.Atomic);
                    ulong old = Read(atomic, step.Type);
                    Write(atomic, step.Type, Combine((AtomicOp)step.Extra, step.Type, old, r[step.B]));
                    r[step.Result] = old;
                    break;
                case StepKind.CompareExchange:
                    ulong* exchanged = Check(step, position, r[step.A], step.Type.SizeOf(), Access.Atomic);
                    ulong found = Read(exchanged, step.Type);
                    if (found == r[step.B])
                        Write(exchanged, step.Type, r[step.C]);
                    r[step.Result] = found;
                    break;
                case StepKind.Geometry:
                    r[step.Result] = (uint)Geometry((GeometryKind)step.Operation);
                    break;
                case StepKind.BoundsCheck:
                    if (r[step.A] < r[step.B])
                        break;
                    throw Defect(
                        KernelDefect.OutOfBounds, step.Source,
                        $"index {(long)r[step.A]} is outside its view of {(long)r[step.B]} elements");
                case StepKind.Assert:
                    if (r[step.A] != 0)
                        break;
                    string message = ((Assert)step.Source).Message;
                    throw Defect(
                        KernelDefect.AssertionFailed, step.Source,
                        message.Length > 0 ? $"assertion failed: {message}" : "assertion failed");
                case StepKind.Print:
                    PrintLine((Print)step.Source, r);
                    break;
                case StepKind.Nothing:
                    break;
                case StepKind.Jump:
                    position = Follow(program.Edges[step.Extra], r);
                    continue;
                case StepKind.Branch:
                    position = Follow(program.Edges[r[step.A] != 0 ? step.B : step.C], r);
                    continue;
                case StepKind.Wait:
                    positions[current] = position;
                    isWaiting[current] = true;
                    return;
                default:
                    positions[current] = Finished;
                    return;
            }
            position++;
        }
    }

    private int Follow(in Edge edge, ulong* r)
    {
        (int To, int From)[] copies = edge.Copies;
        if (copies.Length == 1)
        {
            r[copies[0].To] = r[copies[0].From];
        }
        else if (copies.Length > 1)
        {
            // Phis read all their operands before any of them changes.
            for (int i = 0; i < copies.Length; i++)
                scratch[i] = r[copies[i].From];
            for (int i = 0; i < copies.Length; i++)
                r[copies[i].To] = scratch[i];
        }
        return edge.Target;
    }

    private int Geometry(GeometryKind kind) => kind switch
    {
        <= GeometryKind.GroupIdxZ => Along(currentIndex, kind.Axis()),
        <= GeometryKind.GroupDimZ => Along(shape.Group, kind.Axis()),
        <= GeometryKind.GridIdxZ => Along(groupIndex, kind.Axis()),
        <= GeometryKind.GridDimZ => Along(shape.Grid, kind.Axis()),
        GeometryKind.LaneIndex => current % warpSize,
        GeometryKind.WarpIndex => current / warpSize,
        GeometryKind.WarpSize => warpSize,
        _ => shape.DynamicSharedBytes,
    };

    private static int Along(Index3D index, int axis) => axis switch { 0 => index.X, 1 => index.Y, _ => index.Z };

    private static ulong Combine(AtomicOp op, IrType type, ulong old, ulong operand) => op == AtomicOp.Exchange
        ? operand
        : ScalarEvaluator.Evaluate(
            op switch
            {
                AtomicOp.Add => BinaryOp.Add,
                AtomicOp.Min => BinaryOp.Min,
                AtomicOp.Max => BinaryOp.Max,
                AtomicOp.MinUnsigned => BinaryOp.MinUnsigned,
                AtomicOp.MaxUnsigned => BinaryOp.MaxUnsigned,
                AtomicOp.And => BinaryOp.And,
                AtomicOp.Or => BinaryOp.Or,
                _ => BinaryOp.Xor,
            },
            type, old, operand);

    private static ulong Read(void* address, IrType type) => type.SizeOf() switch
    {
        1 => *(byte*)address,
        2 => Unsafe.ReadUnaligned<ushort>(address),
        4 => Unsafe.ReadUnaligned<uint>(address),
        _ => Unsafe.ReadUnaligned<ulong>(address),
    };

    private static void Write(void* address, IrType type, ulong bits)
    {
        switch (type.SizeOf())
        {
            case 1:
                *(byte*)address = (byte)bits;
                break;
            case 2:
                Unsafe.WriteUnaligned(address, (ushort)bits);
                break;
            case 4:
                Unsafe.WriteUnaligned(address, (uint)bits);
                break;
            default:
                Unsafe.WriteUnaligned(address, bits);
                break;
        }
    }

    private void PrintLine(Print print, ulong* r)
    {
        object[] arguments = [.. print.Operands.Select(o => Boxed(o.Type, r[program.RegisterOf(o)]))];
        Console.Write(string.Format(CultureInfo.InvariantCulture, print.Format, arguments));
    }

    private static object Boxed(IrType type, ulong bits) => type switch
    {
        IrType.F32 => Float(bits),
        IrType.F64 => BitConverter.UInt64BitsToDouble(bits),
        IrType.F16 => BitConverter.UInt16BitsToHalf((ushort)bits),
        IrType.Bool => bits != 0,
        _ => type.SignExtend(bits),
    };

    private static float Float(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);
}
