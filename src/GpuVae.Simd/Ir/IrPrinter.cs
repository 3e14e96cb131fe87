using System.Globalization;
using System.Text;

namespace GpuVae.Simd.Ir;

/// <summary>Writes a kernel as text. Values are numbered in block order, so equal kernels print equally.</summary>
internal sealed class IrPrinter
{
    private readonly Dictionary<Value, string> names = [];
    private readonly Dictionary<BasicBlock, string> blockNames = [];
    private readonly StringBuilder text = new();

    private IrPrinter()
    {
    }

    public static string Print(IrKernel kernel)
    {
        var printer = new IrPrinter();
        printer.Name(kernel);
        printer.Write(kernel);
        return printer.text.ToString();
    }

    private void Name(IrKernel kernel)
    {
        foreach (Parameter parameter in kernel.Parameters)
            names[parameter] = "%" + parameter.Name;
        for (int i = 0; i < kernel.Allocations.Count; i++)
            names[kernel.Allocations[i]] = $"%{Lower(kernel.Allocations[i].Space)}{i}";
        int next = 0;
        for (int i = 0; i < kernel.Blocks.Count; i++)
        {
            blockNames[kernel.Blocks[i]] = $"b{i}";
            foreach (Instruction instruction in kernel.Blocks[i].Phis.Concat(kernel.Blocks[i].Body))
            {
                if (instruction.Type != IrType.Void)
                    names[instruction] = $"%{next++}";
            }
        }
    }

    private void Write(IrKernel kernel)
    {
        text.Append("kernel ").Append(kernel.Name).Append('(');
        text.AppendJoin(", ", kernel.Parameters.Select(p => $"{Describe(p)} {names[p]}@{p.Slot}")).AppendLine(")");
        foreach (Allocation allocation in kernel.Allocations)
        {
            string count = allocation.IsDynamic ? "dynamic" : allocation.Count.ToString(CultureInfo.InvariantCulture);
            text.AppendLine($"  {names[allocation]} = allocate {Lower(allocation.ElementType)}({allocation.ElementSize} bytes) x {count}");
        }
        foreach (BasicBlock block in kernel.Blocks)
        {
            text.Append(blockNames[block]).Append(':');
            if (block.Predecessors.Count > 0)
                text.Append("  <- ").AppendJoin(", ", block.Predecessors.Select(p => blockNames.GetValueOrDefault(p, "?")));
            text.AppendLine();
            foreach (Phi phi in block.Phis)
                WriteLine(phi);
            foreach (Instruction instruction in block.Body)
                WriteLine(instruction);
            if (block.Terminator is { } terminator)
                text.Append("  ").AppendLine(Describe(terminator));
        }
    }

    private void WriteLine(Instruction instruction)
    {
        text.Append("  ");
        if (instruction.Type != IrType.Void)
            text.Append(names[instruction]).Append(" = ");
        text.AppendLine(Describe(instruction));
    }

    private string Describe(Terminator terminator) => terminator switch
    {
        Branch branch => $"goto {blockNames[branch.Target]}",
        ConditionalBranch branch => $"if {Use(branch.Condition)} goto {blockNames[branch.WhenTrue]} else {blockNames[branch.WhenFalse]}",
        _ => "return",
    };

    private string Describe(Instruction instruction)
    {
        string type = Describe((Value)instruction);
        string operands = string.Join(", ", instruction.Operands.Select(Use));
        return instruction switch
        {
            Phi phi =>
                $"phi {type} " + string.Join(", ", phi.IncomingBlocks.Select((b, i) => $"[{blockNames[b]}: {Use(phi.Operands[i])}]")),
            Unary unary => $"{Lower(unary.Op)} {type} {operands}",
            Binary binary => $"{Lower(binary.Op)} {type} {operands}",
            Compare compare => $"{Lower(compare.Op)} {Lower(compare.Left.Type)} {operands}",
            Convert convert => $"{Lower(convert.Op)} {Lower(convert.Operand.Type)} {operands} to {type}",
            ElementAddress address => $"address {Lower(address.Space)} {Use(address.Pointer)}[{Use(address.Index)} x {address.ElementSize}"
                + (address.Offset == 0 ? "]" : $" + {address.Offset}]"),
            AlignedPointer aligned => $"aligned {operands} to {aligned.Alignment}",
            Load load => $"load{(load.IsReadOnly ? " readonly" : "")} {type} {operands} align {load.Alignment}",
            Store store => $"store {Lower(store.StoredValue.Type)} {operands} align {store.Alignment}",
            Atomic atomic => $"atomic {Lower(atomic.Op)} {type} {operands}",
            Barrier barrier => $"barrier {Lower(barrier.Kind)} {operands}".TrimEnd(),
            Prefetch => $"prefetch {operands}",
            Fence fence => $"fence {Lower(fence.Level)}",
            Shuffle shuffle => $"shuffle {Lower(shuffle.Kind)} {type} {operands} width {shuffle.Width}",
            Geometry geometry => Lower(geometry.Kind),
            Assert assert => $"assert {operands} \"{assert.Message}\"",
            Print print => $"print \"{print.Format}\" {operands}".TrimEnd(),
            _ => $"{Lower(instruction.GetType().Name)} {type} {operands}".TrimEnd(),
        };
    }

    private static string Describe(Value value) =>
        value.Type == IrType.Pointer ? $"pointer.{Lower(value.Space)}" : Lower(value.Type);

    private string Use(Value value) => value switch
    {
        Constant { Type: IrType.F32 } c => c.FloatValue.ToString("R", CultureInfo.InvariantCulture) + "f",
        Constant { Type: IrType.F64 } c => c.DoubleValue.ToString("R", CultureInfo.InvariantCulture) + "d",
        Constant { Type: IrType.Bool } c => c.Bits != 0 ? "true" : "false",
        Constant { Type: IrType.Pointer } => "null",
        Constant c => c.SignedValue.ToString(CultureInfo.InvariantCulture),
        _ => names.GetValueOrDefault(value, "?" + value.GetType().Name),
    };

    private static string Lower<T>(T value) where T : notnull => value.ToString()!.ToLowerInvariant();
}
