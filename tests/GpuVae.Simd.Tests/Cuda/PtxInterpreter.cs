using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using ILGPU;

namespace GpuVae.Ilgpu.Tests.Cuda;

/// <summary>
/// Executes the PTX that this project writes, as the PTX ISA manual defines it: groups one after the other, warps of 32 lanes each with a
/// program counter, of which the lowest of a warp go first. It also counts what bank conflicts would cost. Not a general PTX machine: what
/// the emitter never writes is refused.
/// </summary>
internal sealed unsafe partial class PtxInterpreter
{
    private const int Lanes = 32;

    private readonly Dictionary<string, int> registers = [];
    private readonly Dictionary<string, int> shared = [];
    private readonly Dictionary<string, int> locals = [];
    private readonly Dictionary<string, int> parameters = [];
    private readonly Dictionary<string, int> labels = [];
    private readonly List<Instruction> code = [];
    private readonly Func<ulong, int, bool> isGlobal;
    private int sharedBytes, localBytes;

    /// <summary>Reads a module with one kernel.</summary>
    /// <param name="text">The PTX.</param>
    /// <param name="isGlobal">Whether as many bytes at an address belong to a buffer.</param>
    public PtxInterpreter(string text, Func<ulong, int, bool> isGlobal)
    {
        this.isGlobal = isGlobal;
        // Dynamic shared memory, whose extent the module leaves open, lies behind all other.
        foreach (Match match in SharedPattern().Matches(text).OrderBy(match => match.Groups[2].Length == 0))
        {
            sharedBytes = (sharedBytes + 15) & ~15;
            shared[match.Groups[1].Value] = sharedBytes;
            if (match.Groups[2].Length > 0)
                sharedBytes += int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
        }
        foreach (Match match in LocalPattern().Matches(text))
        {
            locals[match.Groups[1].Value] = 0;
            localBytes = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
        }
        foreach (Match match in ParameterPattern().Matches(text))
            parameters[match.Groups[1].Value] = parameters.Count;
        Parse(text[(text.IndexOf(")\n", text.IndexOf(".entry", StringComparison.Ordinal), StringComparison.Ordinal) + 2)..]);
    }

    /// <summary>Accesses of a warp to shared memory, by the line of PTX that made them: how many, and turns beyond the least.</summary>
    public IReadOnlyList<(string Line, long Accesses, long Conflicts)> SharedAccesses =>
        [.. code.Where(i => i.Accesses > 0).Select(i => (i.Text, i.Accesses, i.Conflicts))];

    /// <summary>Runs a grid.</summary>
    /// <param name="arguments">By parameter; the low bytes count.</param>
    /// <param name="grid">Groups.</param>
    /// <param name="group">Threads of a group.</param>
    /// <param name="dynamicBytes">Dynamic shared memory.</param>
    public void Launch(ReadOnlySpan<ulong> arguments, Index3D grid, Index3D group, int dynamicBytes)
    {
        var values = arguments.ToArray();
        for (int z = 0; z < grid.Z; z++)
        {
            for (int y = 0; y < grid.Y; y++)
            {
                for (int x = 0; x < grid.X; x++)
                    new Block(this, values, grid, group, new Index3D(x, y, z), dynamicBytes).Run();
            }
        }
    }

    private enum Kind
    {
        Plain,
        Branch,
        Exit,
        Barrier,
    }

    private sealed class Instruction
    {
        public string Text = "", Op = "";
        public string[] Parts = [], Operands = [];
        public int Guard = -1, Target;
        public bool GuardNegated;
        public Kind Kind;
        public Action<Warp, uint> Execute = (_, _) => { };
        public long Accesses, Conflicts;
    }

    private void Parse(string body)
    {
        foreach (Match match in StatementPattern().Matches(body))
        {
            string statement = match.Value.Trim();
            if (statement is "{" or "}" || statement.StartsWith(".reg", StringComparison.Ordinal) ||
                statement.StartsWith(".local", StringComparison.Ordinal) || statement.StartsWith(".maxntid", StringComparison.Ordinal))
                continue;
            if (statement.EndsWith(':'))
                labels[statement[..^1].Trim()] = code.Count;
            else
                code.Add(Decode(statement[..^1].Trim()));
        }
        foreach (var instruction in code)
        {
            if (instruction.Kind == Kind.Branch)
                instruction.Target = labels[instruction.Operands[0]];
        }
    }

    private Instruction Decode(string text)
    {
        var instruction = new Instruction { Text = text };
        if (text.StartsWith('@'))
        {
            int end = text.IndexOf(' ', StringComparison.Ordinal);
            instruction.GuardNegated = text[1] == '!';
            instruction.Guard = RegisterOf(text[(instruction.GuardNegated ? 2 : 1)..end]);
            text = text[(end + 1)..].Trim();
        }
        int space = text.IndexOfAny([' ', '\t']);
        instruction.Op = space < 0 ? text : text[..space];
        instruction.Parts = instruction.Op.Split('.');
        instruction.Operands = space < 0 ? [] : [.. Split(text[space..])];
        instruction.Kind = instruction.Parts[0] switch
        {
            "bra" => Kind.Branch,
            "ret" or "exit" => Kind.Exit,
            "bar" when instruction.Parts[1] != "warp" => Kind.Barrier,
            _ => Kind.Plain,
        };
        if (instruction.Kind == Kind.Plain || instruction.Op.StartsWith("bar.red", StringComparison.Ordinal))
            instruction.Execute = Bind(instruction);
        return instruction;
    }

    private static IEnumerable<string> Split(string operands)
    {
        int depth = 0, start = 0;
        for (int i = 0; i <= operands.Length; i++)
        {
            if (i == operands.Length || (operands[i] == ',' && depth == 0))
            {
                yield return operands[start..i].Trim();
                start = i + 1;
            }
            else if (operands[i] is '{' or '[')
                depth++;
            else if (operands[i] is '}' or ']')
                depth--;
        }
    }

    private int RegisterOf(string name)
    {
        if (!registers.TryGetValue(name, out int index))
            registers[name] = index = registers.Count;
        return index;
    }

    private string[] Elements(string operand) =>
        operand.StartsWith('{') ? [.. operand[1..^1].Split(',').Select(e => e.Trim())] : [operand];

    /// <summary>What reads an operand in a lane.</summary>
    private Func<Warp, int, ulong> Source(string operand)
    {
        if (operand.StartsWith("0f", StringComparison.Ordinal) && operand.Length == 10)
            return Constant(ulong.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        if (operand.StartsWith("0d", StringComparison.Ordinal) && operand.Length == 18)
            return Constant(ulong.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        if (long.TryParse(operand, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            return Constant((ulong)number);
        switch (operand)
        {
            case "%laneid": return (_, lane) => (ulong)lane;
            case "%tid.x": return (w, lane) => (ulong)w.Block.Thread(w.First + lane).X;
            case "%tid.y": return (w, lane) => (ulong)w.Block.Thread(w.First + lane).Y;
            case "%tid.z": return (w, lane) => (ulong)w.Block.Thread(w.First + lane).Z;
            case "%ntid.x": return (w, _) => (ulong)w.Block.Group.X;
            case "%ntid.y": return (w, _) => (ulong)w.Block.Group.Y;
            case "%ntid.z": return (w, _) => (ulong)w.Block.Group.Z;
            case "%ctaid.x": return (w, _) => (ulong)w.Block.Index.X;
            case "%ctaid.y": return (w, _) => (ulong)w.Block.Index.Y;
            case "%ctaid.z": return (w, _) => (ulong)w.Block.Index.Z;
            case "%nctaid.x": return (w, _) => (ulong)w.Block.Grid.X;
            case "%nctaid.y": return (w, _) => (ulong)w.Block.Grid.Y;
            case "%nctaid.z": return (w, _) => (ulong)w.Block.Grid.Z;
            case "%dynamic_smem_size": return (w, _) => (ulong)w.Block.DynamicBytes;
        }
        int plus = operand.LastIndexOf('+');
        string symbol = plus > 0 ? operand[..plus] : operand;
        if (shared.TryGetValue(symbol, out int address) || locals.TryGetValue(symbol, out address))
            return Constant((ulong)(address + (plus > 0 ? int.Parse(operand.AsSpan(plus + 1), CultureInfo.InvariantCulture) : 0)));
        if (operand == "_")
            return Constant(0);
        int register = RegisterOf(operand) * Lanes;
        return (w, lane) => w.Registers[register + lane];

        static Func<Warp, int, ulong> Constant(ulong value) => (_, _) => value;
    }

    /// <summary>An address [base+offset], with the constant part apart.</summary>
    private (Func<Warp, int, ulong> Base, long Offset) Address(string operand)
    {
        string inner = operand[1..^1];
        int plus = inner.IndexOf('+', StringComparison.Ordinal);
        long offset = plus < 0 ? 0 : long.Parse(inner.AsSpan(plus + 1), CultureInfo.InvariantCulture);
        return (Source(plus < 0 ? inner : inner[..plus]), offset);
    }

    private int Target(string operand) => operand == "_" ? RegisterOf("_") * Lanes : RegisterOf(operand) * Lanes;

    private static int Bytes(string type) => type == "pred" ? 1 : int.Parse(type.AsSpan(1), CultureInfo.InvariantCulture) / 8;

    private Action<Warp, uint> Bind(Instruction i)
    {
        string[] parts = i.Parts;
        string type = parts[^1];
        switch (parts[0])
        {
            case "ld" when parts[1] == "param":
                int slot = parameters[i.Operands[1][1..^1]], bytes = Bytes(type);
                return Each(i, (w, _) => Cut(w.Block.Arguments[slot], bytes));
            case "ld" or "st":
                return Memory(i, parts[0] == "ld", type);
            case "atom" or "red":
                return Atomic(i, parts[0] == "atom", type);
            case "mov" when type == "b64" && i.Operands.Any(o => o.StartsWith('{')):
                return Halves(i);
            case "shfl":
                return Shuffle(i);
            case "mma":
                return Mma(i);
            case "ldmatrix":
                return LoadMatrix(i);
            case "cp":
                return CopyAsync(i);
            case "bar" when parts[1] == "red":
                return BarrierReduce(i);
            case "bar" or "membar" or "fence":
                return (_, _) => { };
            case "trap":
                return (_, _) => throw new InvalidOperationException("trap");
        }
        var sources = i.Operands.Skip(1).Select(Source).ToArray();
        var f = Scalar(i, parts, type);
        int to = Target(i.Operands[0]);
        int result = parts is ["mul" or "mad", "wide", ..] ? 8
            : parts[0] is "setp" or "testp" ? 1
            : parts[0] == "cvt" ? ConvertedBytes(parts)
            : Bytes(type);
        switch (sources.Length)
        {
            case 1:
                var a = sources[0];
                return Run((w, lane) => f(a(w, lane), 0, 0));
            case 2:
                var (b, c) = (sources[0], sources[1]);
                return Run((w, lane) => f(b(w, lane), c(w, lane), 0));
            default:
                var (d, e, g) = (sources[0], sources[1], sources[2]);
                return Run((w, lane) => f(d(w, lane), e(w, lane), g(w, lane)));
        }

        Action<Warp, uint> Run(Func<Warp, int, ulong> of) => (w, mask) =>
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                if ((mask >> lane & 1) != 0)
                    w.Registers[to + lane] = Cut(of(w, lane), result);
            }
        };
    }

    private Action<Warp, uint> Each(Instruction i, Func<Warp, int, ulong> of)
    {
        int to = Target(i.Operands[0]);
        return (w, mask) =>
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                if ((mask >> lane & 1) != 0)
                    w.Registers[to + lane] = of(w, lane);
            }
        };
    }

    private static int ConvertedBytes(string[] parts)
    {
        string[] types = [.. parts.Skip(1).Where(p => TypePattern().IsMatch(p))];
        return types[0] is "bf16x2" or "tf32" ? 4 : Bytes(types[0]);
    }

    private static ulong Cut(ulong value, int bytes) => bytes switch
    {
        1 => value & 0xFF,
        2 => value & 0xFFFF,
        4 => value & 0xFFFF_FFFF,
        _ => value,
    };

    private static float F(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double D(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong B(float value) => BitConverter.SingleToUInt32Bits(value);

    private static ulong B(double value) => BitConverter.DoubleToUInt64Bits(value);

    private static long Signed(ulong bits, string type) => Bytes(type) switch
    {
        1 => (sbyte)bits,
        2 => (short)bits,
        4 => (int)bits,
        _ => (long)bits,
    };

    /// <summary>The function of an instruction without memory: operands as bits, the result as bits.</summary>
    private static Func<ulong, ulong, ulong, ulong> Scalar(Instruction i, string[] parts, string type)
    {
        bool signed = type.StartsWith('s'), wide = type.EndsWith("64", StringComparison.Ordinal);
        if (type == "f32")
        {
            switch (parts[0])
            {
                case "mov": return (a, _, _) => a;
                case "selp": return (a, b, p) => p != 0 ? a : b;
                case "add": return (a, b, _) => B(F(a) + F(b));
                case "sub": return (a, b, _) => B(F(a) - F(b));
                case "mul": return (a, b, _) => B(F(a) * F(b));
                case "div": return (a, b, _) => B(F(a) / F(b));
                case "fma": return (a, b, c) => B(MathF.FusedMultiplyAdd(F(a), F(b), F(c)));
                case "min": return (a, b, _) => B(parts.Contains("NaN") ? MathF.Min(F(a), F(b)) : NumberMin(F(a), F(b)));
                case "max": return (a, b, _) => B(parts.Contains("NaN") ? MathF.Max(F(a), F(b)) : NumberMax(F(a), F(b)));
                case "neg": return (a, _, _) => B(-F(a));
                case "abs": return (a, _, _) => B(MathF.Abs(F(a)));
                case "sqrt": return (a, _, _) => B(MathF.Sqrt(F(a)));
                case "rsqrt": return (a, _, _) => B((float)(1 / Math.Sqrt(F(a))));
                case "rcp": return (a, _, _) => B(1 / F(a));
                case "ex2": return (a, _, _) => B((float)Math.Pow(2, F(a)));
                case "lg2": return (a, _, _) => B((float)Math.Log2(F(a)));
                case "sin": return (a, _, _) => B(MathF.Sin(F(a)));
                case "cos": return (a, _, _) => B(MathF.Cos(F(a)));
                case "tanh": return (a, _, _) => B(MathF.Tanh(F(a)));
                case "copysign": return (a, b, _) => B(MathF.CopySign(F(b), F(a)));
                case "testp": return Test(parts[1], a => F(a));
                case "setp": return CompareFloat(parts[1], F);
            }
        }
        if (type == "f64" && parts[0] != "cvt")
        {
            switch (parts[0])
            {
                case "mov": return (a, _, _) => a;
                case "selp": return (a, b, p) => p != 0 ? a : b;
                case "add": return (a, b, _) => B(D(a) + D(b));
                case "sub": return (a, b, _) => B(D(a) - D(b));
                case "mul": return (a, b, _) => B(D(a) * D(b));
                case "div": return (a, b, _) => B(D(a) / D(b));
                case "fma": return (a, b, c) => B(Math.FusedMultiplyAdd(D(a), D(b), D(c)));
                case "neg": return (a, _, _) => B(-D(a));
                case "abs": return (a, _, _) => B(Math.Abs(D(a)));
                case "sqrt": return (a, _, _) => B(Math.Sqrt(D(a)));
                case "rcp": return (a, _, _) => B(1 / D(a));
                case "min": return (a, b, _) => B(double.MinNumber(D(a), D(b)));
                case "max": return (a, b, _) => B(double.MaxNumber(D(a), D(b)));
                case "copysign": return (a, b, _) => B(Math.CopySign(D(b), D(a)));
                case "testp": return Test(parts[1], D);
                case "setp": return CompareFloat(parts[1], D);
            }
        }
        switch (parts[0])
        {
            case "mov" or "cvta": return (a, _, _) => a;
            case "selp": return (a, b, p) => p != 0 ? a : b;
            case "add": return (a, b, _) => a + b;
            case "sub": return (a, b, _) => a - b;
            case "mul" when parts[1] == "lo": return (a, b, _) => a * b;
            case "mul" when parts[1] == "wide" && signed: return (a, b, _) => (ulong)(Signed(a, type) * Signed(b, type));
            case "mul" when parts[1] == "wide": return (a, b, _) => (uint)a * (ulong)(uint)b;
            case "mul" when parts[1] == "hi": return (a, b, _) => wide ? Math.BigMul(a, b, out _) : (uint)a * (ulong)(uint)b >> 32;
            case "mad" when parts[1] == "lo": return (a, b, c) => a * b + c;
            case "mad" when parts[1] == "wide": return (a, b, c) => (ulong)(Signed(a, type) * Signed(b, type)) + c;
            case "div" when signed: return (a, b, _) => (ulong)(Signed(a, type) / Signed(b, type));
            case "div": return (a, b, _) => Cut(a, Bytes(type)) / Cut(b, Bytes(type));
            case "rem" when signed: return (a, b, _) => (ulong)(Signed(a, type) % Signed(b, type));
            case "rem": return (a, b, _) => Cut(a, Bytes(type)) % Cut(b, Bytes(type));
            case "min" when signed: return (a, b, _) => (ulong)Math.Min(Signed(a, type), Signed(b, type));
            case "max" when signed: return (a, b, _) => (ulong)Math.Max(Signed(a, type), Signed(b, type));
            case "min": return (a, b, _) => Math.Min(Cut(a, Bytes(type)), Cut(b, Bytes(type)));
            case "max": return (a, b, _) => Math.Max(Cut(a, Bytes(type)), Cut(b, Bytes(type)));
            case "neg": return (a, _, _) => (ulong)-(long)a;
            case "abs": return (a, _, _) => (ulong)Math.Abs(Signed(a, type));
            case "not" when type == "pred": return (a, _, _) => a ^ 1;
            case "not": return (a, _, _) => ~a;
            case "and" when type == "pred": return (a, b, _) => a & b & 1;
            case "or" when type == "pred": return (a, b, _) => (a | b) & 1;
            case "xor" when type == "pred": return (a, b, _) => (a ^ b) & 1;
            case "and": return (a, b, _) => a & b;
            case "or": return (a, b, _) => a | b;
            case "xor": return (a, b, _) => a ^ b;
            case "shl": return (a, b, _) => (uint)b >= (wide ? 64 : 32) ? 0 : a << (int)b;
            case "shr" when signed: return (a, b, _) => (ulong)(Signed(a, type) >> (int)Math.Min((uint)b, wide ? 63u : 31u));
            case "shr": return (a, b, _) => (uint)b >= (wide ? 64 : 32) ? 0 : Cut(a, Bytes(type)) >> (int)b;
            case "popc": return (a, _, _) => (ulong)BitOperations.PopCount(Cut(a, Bytes(type)));
            case "clz": return (a, _, _) => (ulong)(wide ? BitOperations.LeadingZeroCount(a) : BitOperations.LeadingZeroCount((uint)a));
            case "brev": return (a, _, _) => wide ? BinaryPrimitives.ReverseEndianness(ReverseBytes(a)) : (ulong)(uint)(Reverse(a) >> 32);
            case "setp" when parts[1] is "eq": return (a, b, _) => Cut(a, Bytes(type)) == Cut(b, Bytes(type)) ? 1u : 0u;
            case "setp" when parts[1] is "ne": return (a, b, _) => Cut(a, Bytes(type)) != Cut(b, Bytes(type)) ? 1u : 0u;
            case "setp" when signed: return CompareOrder(parts[1], (a, b) => Signed(a, type).CompareTo(Signed(b, type)));
            case "setp": return CompareOrder(parts[1], (a, b) => Cut(a, Bytes(type)).CompareTo(Cut(b, Bytes(type))));
            case "cvt": return Convert(parts);
        }
        throw new NotSupportedException($"the interpreter does not know {i.Text}");
    }

    private static ulong Reverse(ulong value)
    {
        ulong reversed = 0;
        for (int bit = 0; bit < 64; bit++)
            reversed |= (value >> bit & 1) << (63 - bit);
        return reversed;
    }

    private static ulong ReverseBytes(ulong value) => BinaryPrimitives.ReverseEndianness(Reverse(value));

    private static float NumberMin(float a, float b) => float.IsNaN(a) ? b : float.IsNaN(b) ? a : MathF.Min(a, b);

    private static float NumberMax(float a, float b) => float.IsNaN(a) ? b : float.IsNaN(b) ? a : MathF.Max(a, b);

    private static Func<ulong, ulong, ulong, ulong> Test(string property, Func<ulong, double> value) => property switch
    {
        "notanumber" => (a, _, _) => double.IsNaN(value(a)) ? 1u : 0u,
        "infinite" => (a, _, _) => double.IsInfinity(value(a)) ? 1u : 0u,
        "finite" => (a, _, _) => double.IsFinite(value(a)) ? 1u : 0u,
        _ => throw new NotSupportedException($"testp.{property}"),
    };

    private static Func<ulong, ulong, ulong, ulong> CompareOrder(string relation, Func<ulong, ulong, int> compare) => relation switch
    {
        "lt" => (a, b, _) => compare(a, b) < 0 ? 1u : 0u,
        "le" => (a, b, _) => compare(a, b) <= 0 ? 1u : 0u,
        "gt" => (a, b, _) => compare(a, b) > 0 ? 1u : 0u,
        "ge" => (a, b, _) => compare(a, b) >= 0 ? 1u : 0u,
        _ => throw new NotSupportedException($"setp.{relation}"),
    };

    private static Func<ulong, ulong, ulong, ulong> CompareFloat<T>(string relation, Func<ulong, T> value)
        where T : IFloatingPointIeee754<T> => relation switch
        {
            "eq" => (a, b, _) => value(a) == value(b) ? 1u : 0u,
            "neu" => (a, b, _) => value(a) != value(b) ? 1u : 0u,
            "lt" => (a, b, _) => value(a) < value(b) ? 1u : 0u,
            "le" => (a, b, _) => value(a) <= value(b) ? 1u : 0u,
            "gt" => (a, b, _) => value(a) > value(b) ? 1u : 0u,
            "ge" => (a, b, _) => value(a) >= value(b) ? 1u : 0u,
            "ltu" => (a, b, _) => !(value(a) >= value(b)) ? 1u : 0u,
            "leu" => (a, b, _) => !(value(a) > value(b)) ? 1u : 0u,
            "gtu" => (a, b, _) => !(value(a) <= value(b)) ? 1u : 0u,
            "geu" => (a, b, _) => !(value(a) < value(b)) ? 1u : 0u,
            "nan" => (a, b, _) => T.IsNaN(value(a)) || T.IsNaN(value(b)) ? 1u : 0u,
            "num" => (a, b, _) => T.IsNaN(value(a)) || T.IsNaN(value(b)) ? 0u : 1u,
            _ => throw new NotSupportedException($"setp.{relation}"),
        };

    private static Func<ulong, ulong, ulong, ulong> Convert(string[] parts)
    {
        string[] types = [.. parts.Skip(1).Where(p => TypePattern().IsMatch(p))];
        string to = types[0], from = types[^1];
        switch (to)
        {
            case "tf32":
                // To nearest, ties away from zero: half of the last place that stays is added to the magnitude.
                return (a, _, _) => float.IsFinite(F(a)) ? (uint)a + 0x1000u & 0xFFFF_E000u : a;
            case "bf16x2":
                return (a, b, _) => (ulong)Bfloat((uint)a) << 16 | Bfloat((uint)b);
        }
        bool toFloat = to.StartsWith('f'), fromFloat = from.StartsWith('f');
        Func<ulong, double> value = from switch
        {
            "f16" => a => (double)BitConverter.UInt16BitsToHalf((ushort)a),
            "f32" => a => F(a),
            "f64" => D,
            _ when from[0] == 's' => a => Signed(a, from),
            _ => a => Cut(a, Bytes(from)),
        };
        if (!toFloat && !fromFloat)
            return (a, _, _) => from[0] == 's' ? (ulong)Signed(a, from) : Cut(a, Bytes(from));
        string rounding = parts.FirstOrDefault(p => p is "rn" or "rz" or "rni" or "rzi" or "rmi" or "rpi") ?? "";
        Func<double, double> round = rounding switch
        {
            "rni" => Math.Round,
            "rzi" => Math.Truncate,
            "rmi" => Math.Floor,
            "rpi" => Math.Ceiling,
            _ => x => x,
        };
        if (!toFloat)
            return (a, _, _) => ToInteger(round(value(a)), to);
        return to switch
        {
            "f32" when !fromFloat && from.EndsWith("64", StringComparison.Ordinal) =>
                (a, _, _) => B(from[0] == 's' ? (float)(long)a : (float)a),
            "f32" => (a, _, _) => B((float)round(value(a))),
            "f64" => (a, _, _) => B(round(value(a))),
            _ => (a, _, _) => BitConverter.HalfToUInt16Bits((System.Half)value(a)),
        };
    }

    /// <summary>Conversions to integers clamp, and NaN gives 0.</summary>
    private static ulong ToInteger(double value, string to) => to switch
    {
        _ when double.IsNaN(value) => 0,
        "s32" => (ulong)(int)Math.Clamp(value, int.MinValue, int.MaxValue),
        "u32" => (uint)Math.Clamp(value, 0, uint.MaxValue),
        "s64" => (ulong)(long)value,
        "u64" => (ulong)value,
        _ => throw new NotSupportedException($"a conversion to {to}"),
    };

    /// <summary>To nearest, ties to even.</summary>
    private static uint Bfloat(uint bits) => float.IsNaN(BitConverter.UInt32BitsToSingle(bits))
        ? 0x7FFF
        : bits + 0x7FFF + (bits >> 16 & 1) >> 16;

    private static Action<Warp, uint> OverWarp(Action<Warp> action, string text) => (w, mask) =>
    {
        if (mask != w.Existing)
            throw new InvalidOperationException($"only some lanes of the warp ({mask:X8}) reach {text}");
        action(w);
    };

    private Action<Warp, uint> Halves(Instruction i)
    {
        if (i.Operands[0].StartsWith('{'))
        {
            string[] names = Elements(i.Operands[0]);
            int low = Target(names[0]), high = Target(names[1]);
            var whole = Source(i.Operands[1]);
            return (w, mask) =>
            {
                for (int lane = 0; lane < Lanes; lane++)
                {
                    if ((mask >> lane & 1) == 0)
                        continue;
                    ulong value = whole(w, lane);
                    w.Registers[low + lane] = (uint)value;
                    w.Registers[high + lane] = value >> 32;
                }
            };
        }
        string[] parts = Elements(i.Operands[1]);
        var first = Source(parts[0]);
        var second = Source(parts[1]);
        return Each(i, (w, lane) => first(w, lane) & 0xFFFF_FFFF | second(w, lane) << 32);
    }

    private Action<Warp, uint> Shuffle(Instruction i)
    {
        int to = Target(i.Operands[0]);
        var value = Source(i.Operands[1]);
        var lane = Source(i.Operands[2]);
        var control = Source(i.Operands[3]);
        string mode = i.Parts[2];
        return OverWarp(
            w =>
            {
                var results = new ulong[Lanes];
                for (int self = 0; self < Lanes; self++)
                {
                    if ((w.Existing >> self & 1) == 0)
                        continue;
                    int b = (int)lane(w, self) & 31, clampAndMask = (int)control(w, self);
                    int segment = clampAndMask >> 8 & 31, clamp = clampAndMask & 31;
                    int maxLane = (self & segment) | (clamp & ~segment), minLane = self & segment;
                    int source = mode switch
                    {
                        "up" => self - b,
                        "down" => self + b,
                        "bfly" => self ^ b,
                        _ => minLane | (b & ~segment),
                    };
                    bool inside = mode == "up" ? source >= maxLane : source <= maxLane;
                    results[self] = value(w, inside ? source : self);
                }
                for (int self = 0; self < Lanes; self++)
                    w.Registers[to + self] = results[self];
            },
            i.Text);
    }

    private Action<Warp, uint> BarrierReduce(Instruction i)
    {
        // All warps have arrived: each computes the same over the whole group.
        var operand = Source(i.Operands[2]);
        int to = Target(i.Operands[0]);
        string operation = i.Parts[2];
        return (w, mask) =>
        {
            int count = 0, all = 0;
            foreach (var warp in w.Block.Warps)
            {
                for (int lane = 0; lane < Lanes; lane++)
                {
                    if ((warp.Existing >> lane & 1) == 0)
                        continue;
                    all++;
                    if (operand(warp, lane) != 0)
                        count++;
                }
            }
            ulong result = operation switch { "popc" => (ulong)count, "and" => count == all ? 1u : 0u, _ => count > 0 ? 1u : 0u };
            w.Deferred.Add((to, result));
        };
    }

    private Action<Warp, uint> Memory(Instruction i, bool isLoad, string type)
    {
        string space = i.Parts.First(p => p is "global" or "shared" or "local");
        int bytes = Bytes(type);
        var (start, offset) = Address(isLoad ? i.Operands[1] : i.Operands[0]);
        string[] names = Elements(isLoad ? i.Operands[0] : i.Operands[1]);
        int[] targets = isLoad ? [.. names.Select(Target)] : [];
        var sources = isLoad ? [] : names.Select(Source).ToArray();
        int total = bytes * names.Length;
        return (w, mask) =>
        {
            if (space == "shared")
                Count(i, mask, total, lane => (long)start(w, lane) + offset);
            for (int lane = 0; lane < Lanes; lane++)
            {
                if ((mask >> lane & 1) == 0)
                    continue;
                ulong address = start(w, lane) + (ulong)offset;
                if (address % (ulong)total != 0)
                    throw new InvalidOperationException($"{i.Text}: {address:X} is no multiple of {total} bytes");
                fixed (byte* depot = w.Block.LocalOf(w.First + lane), memory = w.Block.Shared)
                {
                    byte* at = Locate(space, address, total, depot, memory, w.Block, i);
                    for (int n = 0; n < names.Length; n++)
                    {
                        if (isLoad)
                            w.Registers[targets[n] + lane] = Read(at + n * bytes, bytes);
                        else
                            Write(at + n * bytes, bytes, sources[n](w, lane));
                    }
                }
            }
        };
    }

    private byte* Locate(string space, ulong address, int total, byte* depot, byte* memory, Block block, Instruction i)
    {
        if (space == "global")
        {
            return isGlobal(address, total)
                ? (byte*)address
                : throw new InvalidOperationException($"{i.Text}: {total} bytes at {address:X} belong to no buffer");
        }
        int size = space == "shared" ? block.Shared.Length : localBytes;
        if (address + (ulong)total > (ulong)size)
            throw new InvalidOperationException($"{i.Text}: {total} bytes at {address} lie outside {size} bytes of {space} memory");
        return (space == "shared" ? memory : depot) + address;
    }

    private static ulong Read(byte* at, int bytes) => bytes switch
    {
        1 => *at,
        2 => *(ushort*)at,
        4 => *(uint*)at,
        _ => *(ulong*)at,
    };

    private static void Write(byte* at, int bytes, ulong value)
    {
        switch (bytes)
        {
            case 1:
                *at = (byte)value;
                break;
            case 2:
                *(ushort*)at = (ushort)value;
                break;
            case 4:
                *(uint*)at = (uint)value;
                break;
            default:
                *(ulong*)at = value;
                break;
        }
    }

    /// <summary>
    /// A warp's access takes as many turns as the busiest of 32 banks has different words; 8-byte accesses go by halves of the warp,
    /// 16-byte ones by quarters.
    /// </summary>
    private static void Count(Instruction i, uint mask, int bytes, Func<int, long> address)
    {
        int together = bytes >= 16 ? 8 : bytes == 8 ? 16 : 32;
        Span<long> words = stackalloc long[Lanes * 4];
        Span<int> perBank = stackalloc int[Lanes];
        for (int first = 0; first < Lanes; first += together)
        {
            int count = 0;
            for (int lane = first; lane < first + together; lane++)
            {
                if ((mask >> lane & 1) == 0)
                    continue;
                for (int word = 0; word < Math.Max(bytes / 4, 1); word++)
                {
                    long number = address(lane) / 4 + word;
                    if (!words[..count].Contains(number))
                        words[count++] = number;
                }
            }
            if (count == 0)
                continue;
            perBank.Clear();
            int most = 0;
            for (int n = 0; n < count; n++)
                most = Math.Max(most, ++perBank[(int)(words[n] % Lanes)]);
            i.Accesses++;
            i.Conflicts += most - 1;
        }
    }

    private Action<Warp, uint> Atomic(Instruction i, bool returns, string type)
    {
        string space = i.Parts[1], operation = i.Parts[2];
        int first = returns ? 1 : 0;
        var (start, offset) = Address(i.Operands[first]);
        var operand = Source(i.Operands[first + 1]);
        var replacement = operation == "cas" ? Source(i.Operands[first + 2]) : operand;
        int to = returns ? Target(i.Operands[0]) : -1, bytes = Bytes(type);
        return (w, mask) =>
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                if ((mask >> lane & 1) == 0)
                    continue;
                ulong address = start(w, lane) + (ulong)offset;
                fixed (byte* memory = w.Block.Shared)
                {
                    byte* at = Locate(space, address, bytes, null, memory, w.Block, i);
                    ulong old = Read(at, bytes), value = operand(w, lane);
                    ulong updated = operation switch
                    {
                        "add" when type == "f32" => B(F(old) + F(value)),
                        "add" when type == "f64" => B(D(old) + D(value)),
                        "add" => old + value,
                        "min" when type[0] == 's' => (ulong)Math.Min(Signed(old, type), Signed(value, type)),
                        "max" when type[0] == 's' => (ulong)Math.Max(Signed(old, type), Signed(value, type)),
                        "min" => Math.Min(old, Cut(value, bytes)),
                        "max" => Math.Max(old, Cut(value, bytes)),
                        "and" => old & value,
                        "or" => old | value,
                        "xor" => old ^ value,
                        "exch" => value,
                        "cas" => old == Cut(value, bytes) ? replacement(w, lane) : old,
                        _ => throw new NotSupportedException(i.Text),
                    };
                    Write(at, bytes, updated);
                    if (to >= 0)
                        w.Registers[to + lane] = old;
                }
            }
        };
    }

    [GeneratedRegex(@"\.shared \.align \d+ \.b8 (\w+)\[(\d*)\]")]
    private static partial Regex SharedPattern();

    [GeneratedRegex(@"\.local \.align \d+ \.b8 (\w+)\[(\d+)\]")]
    private static partial Regex LocalPattern();

    [GeneratedRegex(@"\.param \.\w+ (\w+_param_\d+)")]
    private static partial Regex ParameterPattern();

    [GeneratedRegex(@"[^;:{}]*(?:\{[^{};]*\}[^;:{}]*)*[;:]|[{}]")]
    private static partial Regex StatementPattern();

    [GeneratedRegex(@"^(?:[usbf](?:8|16|32|64)|tf32|bf16x2)$")]
    private static partial Regex TypePattern();

    /// <summary>A group that runs.</summary>
    private sealed class Block
    {
        private readonly PtxInterpreter owner;
        private readonly byte[][] local;

        public Block(PtxInterpreter owner, ulong[] arguments, Index3D grid, Index3D group, Index3D index, int dynamicBytes)
        {
            (this.owner, Arguments, Grid, Group, Index, DynamicBytes) = (owner, arguments, grid, group, index, dynamicBytes);
            // What nothing wrote is NaN.
            Shared = new byte[owner.sharedBytes + dynamicBytes + 16];
            Array.Fill(Shared, (byte)0xFF);
            int threads = group.Size;
            local = new byte[owner.localBytes > 0 ? threads : 1][];
            for (int i = 0; i < local.Length; i++)
                local[i] = new byte[Math.Max(owner.localBytes, 1)];
            Warps = [.. Enumerable.Range(0, (threads + Lanes - 1) / Lanes).Select(w =>
                new Warp(this, w * Lanes, Math.Min(threads - w * Lanes, Lanes), owner.registers.Count))];
        }

        public ulong[] Arguments { get; }

        public Index3D Grid { get; }

        public Index3D Group { get; }

        public Index3D Index { get; }

        public int DynamicBytes { get; }

        public byte[] Shared { get; }

        public Warp[] Warps { get; }

        public Index3D Thread(int linear) => new(linear % Group.X, linear / Group.X % Group.Y, linear / Group.X / Group.Y);

        public byte[] LocalOf(int thread) => local[owner.localBytes > 0 ? thread : 0];

        public void Run()
        {
            while (true)
            {
                foreach (var warp in Warps)
                    warp.RunToBarrier(owner.code);
                if (Array.TrueForAll(Warps, w => w.IsDone))
                    return;
                if (Array.Exists(Warps, w => w.IsDone))
                    throw new InvalidOperationException("some warps wait at a barrier that others never reach");
                int at = Warps[0].BarrierAt;
                if (Array.Exists(Warps, w => w.BarrierAt != at))
                    throw new InvalidOperationException("warps wait at different barriers");
                foreach (var warp in Warps)
                    owner.code[at].Execute(warp, warp.Existing);
                foreach (var warp in Warps)
                    warp.PassBarrier();
            }
        }
    }

    /// <summary>Lanes in lockstep where they are at the same place.</summary>
    private sealed class Warp(Block block, int first, int count, int registers)
    {
        private const int Done = int.MaxValue;

        private readonly int[] counters = [.. Enumerable.Range(0, Lanes).Select(lane => lane < count ? 0 : Done)];

        public Block Block { get; } = block;

        /// <summary>The linear index of lane 0.</summary>
        public int First { get; } = first;

        public uint Existing { get; } = count == Lanes ? uint.MaxValue : (1u << count) - 1;

        public ulong[] Registers { get; } = new ulong[registers * Lanes];

        /// <summary>Copies that were started and not yet waited for: groups, the last of them still open.</summary>
        public List<List<Action>> Copies { get; } = [[]];

        /// <summary>Results that a barrier gives to all lanes.</summary>
        public List<(int To, ulong Value)> Deferred { get; } = [];

        public int BarrierAt { get; private set; } = -1;

        public bool IsDone => Array.TrueForAll(counters, c => c == Done);

        public void RunToBarrier(List<Instruction> code)
        {
            BarrierAt = -1;
            while (true)
            {
                int at = Done;
                foreach (int counter in counters)
                    at = Math.Min(at, counter);
                if (at == Done)
                    return;
                if (at >= code.Count)
                    throw new InvalidOperationException("the kernel runs past its end");
                uint here = 0;
                for (int lane = 0; lane < Lanes; lane++)
                {
                    if (counters[lane] == at)
                        here |= 1u << lane;
                }
                var instruction = code[at];
                if (instruction.Kind == Kind.Barrier)
                {
                    if (here != Existing)
                        throw new InvalidOperationException($"only lanes {here:X8} reach the barrier {instruction.Text}");
                    BarrierAt = at;
                    return;
                }
                // Runs of instructions without control flow go without looking for the lowest counter again.
                while (true)
                {
                    uint active = here;
                    if (instruction.Guard >= 0)
                    {
                        for (int lane = 0; lane < Lanes; lane++)
                        {
                            if (Registers[instruction.Guard * Lanes + lane] != 0 == instruction.GuardNegated)
                                active &= ~(1u << lane);
                        }
                    }
                    if (instruction.Kind != Kind.Plain)
                    {
                        int goesTo = instruction.Kind == Kind.Exit ? Done : instruction.Target;
                        for (int lane = 0; lane < Lanes; lane++)
                        {
                            if ((here >> lane & 1) != 0)
                                counters[lane] = (active >> lane & 1) == 0 ? at + 1 : goesTo;
                        }
                        break;
                    }
                    instruction.Execute(this, active);
                    at++;
                    if (at < code.Count && code[at].Kind != Kind.Barrier && here == Existing)
                    {
                        instruction = code[at];
                        continue;
                    }
                    for (int lane = 0; lane < Lanes; lane++)
                    {
                        if ((here >> lane & 1) != 0)
                            counters[lane] = at;
                    }
                    break;
                }
            }
        }

        public void PassBarrier()
        {
            foreach (var (to, value) in Deferred)
                Array.Fill(Registers, value, to, Lanes);
            Deferred.Clear();
            for (int lane = 0; lane < Lanes; lane++)
            {
                if (counters[lane] != Done)
                    counters[lane] = BarrierAt + 1;
            }
        }
    }
}
