using System.Globalization;

namespace GpuVae.Ilgpu.Tests.Cuda;

/// <summary>What tensor cores need: mma.sync, ldmatrix and cp.async (PTX ISA, "Warp-level matrix instructions").</summary>
internal sealed unsafe partial class PtxInterpreter
{
    private Action<Warp, uint> Mma(Instruction i)
    {
        bool isBfloat = i.Op.Contains("m16n8k16", StringComparison.Ordinal) && i.Op.Contains("bf16", StringComparison.Ordinal);
        if (!isBfloat && !i.Op.Contains("m16n8k8.row.col.f32.tf32", StringComparison.Ordinal))
            throw new NotSupportedException(i.Text);
        int[] d = [.. Elements(i.Operands[0]).Select(Target)];
        var a = Elements(i.Operands[1]).Select(Source).ToArray();
        var b = Elements(i.Operands[2]).Select(Source).ToArray();
        var c = Elements(i.Operands[3]).Select(Source).ToArray();
        int depth = isBfloat ? 16 : 8;
        return OverWarp(
            w =>
            {
                var left = new double[16, depth];
                var right = new double[depth, 8];
                var sums = new double[16, 8];
                for (int lane = 0; lane < Lanes; lane++)
                {
                    int g = lane >> 2, t = lane & 3;
                    for (int r = 0; r < 4; r++)
                    {
                        ulong bits = a[r](w, lane);
                        int row = g + 8 * (r & 1);
                        if (isBfloat)
                        {
                            left[row, 2 * t + 8 * (r >> 1)] = Upper((uint)bits << 16);
                            left[row, 2 * t + 1 + 8 * (r >> 1)] = Upper((uint)bits);
                        }
                        else
                            left[row, t + 4 * (r >> 1)] = F(bits & 0xFFFF_E000);
                        sums[g + 8 * (r >> 1), 2 * t + (r & 1)] = F(c[r](w, lane));
                    }
                    for (int r = 0; r < 2; r++)
                    {
                        ulong bits = b[r](w, lane);
                        if (isBfloat)
                        {
                            right[2 * t + 8 * r, g] = Upper((uint)bits << 16);
                            right[2 * t + 1 + 8 * r, g] = Upper((uint)bits);
                        }
                        else
                            right[t + 4 * r, g] = F(bits & 0xFFFF_E000);
                    }
                }
                for (int row = 0; row < 16; row++)
                {
                    for (int column = 0; column < 8; column++)
                    {
                        for (int k = 0; k < depth; k++)
                            sums[row, column] += left[row, k] * right[k, column];
                    }
                }
                for (int lane = 0; lane < Lanes; lane++)
                {
                    int g = lane >> 2, t = lane & 3;
                    for (int r = 0; r < 4; r++)
                        w.Registers[d[r] + lane] = B((float)sums[g + 8 * (r >> 1), 2 * t + (r & 1)]);
                }
            },
            i.Text);

        static float Upper(uint bits) => BitConverter.UInt32BitsToSingle(bits & 0xFFFF_0000);
    }

    private Action<Warp, uint> LoadMatrix(Instruction i)
    {
        bool transposes = i.Parts.Contains("trans");
        int count = i.Parts.Contains("x4") ? 4 : i.Parts.Contains("x2") ? 2 : 1;
        int[] targets = [.. Elements(i.Operands[0]).Select(Target)];
        var (start, offset) = Address(i.Operands[1]);
        return OverWarp(
            w =>
            {
                for (int q = 0; q < count; q++)
                {
                    int matrix = q;
                    Count(i, 0xFF, 16, row => (long)start(w, 8 * matrix + row) + offset);
                    for (int lane = 0; lane < Lanes; lane++)
                        w.Registers[targets[q] + lane] = Element(w, q, lane, 0) | (ulong)Element(w, q, lane, 1) << 16;
                }
            },
            i.Text);

        ushort Element(Warp w, int q, int lane, int which)
        {
            int row = transposes ? 2 * (lane & 3) + which : lane >> 2;
            int column = transposes ? lane >> 2 : 2 * (lane & 3) + which;
            ulong address = start(w, 8 * q + row) + (ulong)offset;
            if (address % 16 != 0)
                throw new InvalidOperationException($"{i.Text}: a row at {address}, which is no multiple of 16");
            return BitConverter.ToUInt16(w.Block.Shared, (int)address + 2 * column);
        }
    }

    private Action<Warp, uint> CopyAsync(Instruction i)
    {
        if (i.Parts[2] == "commit_group")
            return (w, _) => w.Copies.Add([]);
        if (i.Parts[2] is "wait_group" or "wait_all")
        {
            int pending = i.Parts[2] == "wait_all" ? 0 : int.Parse(i.Operands[0], CultureInfo.InvariantCulture);
            return (w, _) =>
            {
                while (w.Copies.Count - 1 > pending)
                {
                    w.Copies[0].ForEach(copy => copy());
                    w.Copies.RemoveAt(0);
                }
            };
        }
        var (to, toOffset) = Address(i.Operands[0]);
        var (from, fromOffset) = Address(i.Operands[1]);
        int size = int.Parse(i.Operands[2], CultureInfo.InvariantCulture);
        var bytes = i.Operands.Length > 3 ? Source(i.Operands[3]) : (_, _) => (ulong)size;
        return (w, mask) =>
        {
            Count(i, mask, size, lane => (long)to(w, lane) + toOffset);
            for (int lane = 0; lane < Lanes; lane++)
            {
                if ((mask >> lane & 1) == 0)
                    continue;
                ulong target = to(w, lane) + (ulong)toOffset, source = from(w, lane) + (ulong)fromOffset;
                int wanted = (int)bytes(w, lane);
                if (wanted > size || target % (ulong)size != 0 || source % (ulong)size != 0)
                    throw new InvalidOperationException($"{i.Text}: {wanted} bytes from {source:X} to {target:X}");
                if (wanted > 0 && !isGlobal(source, wanted))
                    throw new InvalidOperationException($"{i.Text}: {wanted} bytes at {source:X} belong to no buffer");
                // The copy is seen when it has been waited for, not before.
                w.Copies[^1].Add(() =>
                {
                    var place = w.Block.Shared.AsSpan((int)target, size);
                    place.Clear();
                    new ReadOnlySpan<byte>((void*)source, wanted).CopyTo(place);
                });
            }
        };
    }
}
