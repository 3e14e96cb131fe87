using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Analyses;

/// <summary>
/// Marks the loads from view parameters that the kernel never writes through. Such loads may be cached, repeated, or moved over stores and
/// barriers. The rule for callers: a buffer that one thread writes and another reads within one launch must reach the kernel as one view.
/// Passing a buffer twice, once read and once written, is fine as long as each element is read before it is written, by the thread
/// that writes it (element-wise work in place).
/// </summary>
internal static class ReadOnlyMemory
{
    public static void Run(IrKernel kernel)
    {
        var written = new HashSet<Value>();
        bool anythingWritten = false;
        bool integersCanBeAddresses = kernel.Instructions.Any(i => i is Ir.Convert { Type: IrType.Pointer });
        foreach (var block in kernel.Blocks)
        {
            foreach (var instruction in block.Body)
            {
                switch (instruction)
                {
                    case Store store:
                        Write(store.Pointer);
                        break;
                    case Atomic atomic:
                        Write(atomic.Pointer);
                        break;
                    case AtomicCompareExchange exchange:
                        Write(exchange.Pointer);
                        break;
                    case Ir.Convert { Op: ConvertOp.Bitcast } when integersCanBeAddresses:
                        // A number can become any address again.
                        foreach (var operand in instruction.Operands)
                        {
                            if (operand.Type == IrType.Pointer)
                                Write(operand);
                        }
                        break;
                }
            }
        }

        foreach (var block in kernel.Blocks)
        {
            foreach (var instruction in block.Body)
            {
                if (instruction is not Load { Pointer.Space: AddressSpace.Global } load)
                    continue;
                var origin = PointerOrigins.Of(load.Pointer);
                load.IsReadOnly = !anythingWritten && origin is Parameter && !written.Contains(origin);
            }
        }

        void Write(Value pointer)
        {
            if (pointer.Space != AddressSpace.Global)
                return;
            if (PointerOrigins.Of(pointer) is { } origin)
                written.Add(origin);
            else
                anythingWritten = true;
        }
    }
}
