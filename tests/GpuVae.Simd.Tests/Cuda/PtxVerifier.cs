using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuVae.Ilgpu.Tests.Cuda;

/// <summary>
/// Checks PTX text the way an assembler's front end would, as far as our emitter goes: directives, declarations, operand types against the
/// instruction's, labels, parameters, registers assigned on every path before they are read, and what an architecture knows. Written from
/// the PTX ISA manual; it stands in for ptxas on machines without it.
/// </summary>
internal sealed partial class PtxVerifier
{
    private readonly Dictionary<string, string> registers = [];
    private readonly Dictionary<string, string> parameters = [];
    private readonly HashSet<string> symbols = [];
    private readonly Dictionary<string, int> labels = [];
    private readonly List<Line> lines = [];
    private readonly List<string> errors = [];
    private readonly bool allowApproximate;
    private int arch;
    private int version;

    private PtxVerifier(bool allowApproximate) => this.allowApproximate = allowApproximate;

    private sealed record Line(string Text, string? Guard, string Opcode, string[] Operands)
    {
        public List<string> Reads { get; } = [];

        public List<string> Writes { get; } = [];
    }

    /// <summary>Throws with all findings unless the text is well formed.</summary>
    public static void Verify(string ptx, bool allowApproximate = false)
    {
        var verifier = new PtxVerifier(allowApproximate);
        verifier.Run(ptx);
        Assert.True(verifier.errors.Count == 0, string.Join('\n', verifier.errors.Take(20)) + "\n\n" + ptx);
    }

    /// <summary>The findings, for tests of this class itself.</summary>
    public static IReadOnlyList<string> Check(string ptx, bool allowApproximate = false)
    {
        var verifier = new PtxVerifier(allowApproximate);
        verifier.Run(ptx);
        return verifier.errors;
    }

    private static readonly Dictionary<string, int> Sizes = new()
    {
        ["u8"] = 1,
        ["s8"] = 1,
        ["b8"] = 1,
        ["u16"] = 2,
        ["s16"] = 2,
        ["b16"] = 2,
        ["f16"] = 2,
        ["u32"] = 4,
        ["s32"] = 4,
        ["b32"] = 4,
        ["f32"] = 4,
        ["u64"] = 8,
        ["s64"] = 8,
        ["b64"] = 8,
        ["f64"] = 8,
        ["pred"] = 0,
    };

    private void Error(string text, string what) => errors.Add($"{what}: {text}");

    private void Run(string ptx)
    {
        Header(ptx);
        int open = ptx.IndexOf('{', ptx.IndexOf(".entry", StringComparison.Ordinal));
        if (open < 0)
        {
            Error("(module)", "no .entry with a body");
            return;
        }
        if (ptx.Count(c => c == '{') != ptx.Count(c => c == '}'))
            Error("(module)", "unbalanced braces");
        Declarations(ptx[..open]);
        Body(ptx[(open + 1)..ptx.LastIndexOf('}')]);
        foreach (var line in lines)
            Instruction(line);
        DefiniteAssignment();
    }

    private void Header(string ptx)
    {
        var match = HeaderPattern().Match(ptx);
        if (!match.Success)
        {
            Error("(module)", "must begin with .version, .target, .address_size 64");
            return;
        }
        version = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * 10 + int.Parse(match.Groups[2].Value,
            CultureInfo.InvariantCulture);
        arch = int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture);
        int needed = arch switch { >= 89 => 78, >= 86 => 71, >= 80 => 70, >= 75 => 63, _ => 60 };
        if (version < needed)
            Error(match.Value, $"sm_{arch} needs PTX {needed / 10}.{needed % 10}");
    }

    private void Declarations(string head)
    {
        foreach (Match match in SymbolPattern().Matches(head))
            symbols.Add(match.Groups[1].Value);
        foreach (Match match in EntryParameterPattern().Matches(head[head.IndexOf(".entry", StringComparison.Ordinal)..]))
        {
            if (!parameters.TryAdd(match.Groups[2].Value, match.Groups[1].Value))
                Error(match.Value, "parameter declared twice");
        }
    }

    private void Body(string body)
    {
        foreach (string raw in body.Split('\n'))
        {
            // Inline assembly may put several statements on a line.
            foreach (string part in StatementPattern().Matches(raw).Select(m => m.Value.Trim()).Where(t => t.Length > 0))
                Statement(part);
        }
    }

    private void Statement(string text)
    {
        if (text is "{" or "}" || text.StartsWith(".param", StringComparison.Ordinal))
            return;
        if (RegisterPattern().Match(text) is { Success: true } declared)
        {
            string name = declared.Groups[2].Value;
            if (declared.Groups[3].Success)
            {
                for (int i = 0; i < int.Parse(declared.Groups[3].Value, CultureInfo.InvariantCulture); i++)
                    Declare(name + i.ToString(CultureInfo.InvariantCulture), declared.Groups[1].Value);
            }
            else
            {
                foreach (string single in name.Split(',', StringSplitOptions.TrimEntries))
                    Declare(single, declared.Groups[1].Value);
            }
            return;
        }
        if (SymbolPattern().Match(text) is { Success: true } symbol)
        {
            symbols.Add(symbol.Groups[1].Value);
            return;
        }
        if (text.EndsWith(':'))
        {
            if (!labels.TryAdd(text[..^1], lines.Count))
                Error(text, "label defined twice");
            return;
        }
        if (!text.EndsWith(';'))
        {
            Error(text, "statement without semicolon");
            return;
        }
        string rest = text[..^1].Trim();
        string? guard = null;
        if (rest.StartsWith('@'))
        {
            int space = rest.IndexOf(' ', StringComparison.Ordinal);
            guard = rest[1..space].TrimStart('!');
            rest = rest[(space + 1)..].Trim();
        }
        int end = rest.IndexOfAny([' ', '\t']);
        string opcode = end < 0 ? rest : rest[..end];
        lines.Add(new Line(text, guard, opcode, end < 0 ? [] : SplitOperands(rest[end..])));
    }

    private void Declare(string register, string type)
    {
        // A scope of inline assembly may reuse a name with the same type.
        if (!registers.TryAdd(register, type) && registers[register] != type)
            Error(register, "register declared twice with different types");
    }

    private static string[] SplitOperands(string text)
    {
        var operands = new List<string>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            char c = i < text.Length ? text[i] : ',';
            depth += c is '{' or '[' or '(' ? 1 : c is '}' or ']' or ')' ? -1 : 0;
            if (c == ',' && (depth == 0 || i == text.Length))
            {
                operands.Add(text[start..i].Trim());
                start = i + 1;
            }
        }
        return [.. operands];
    }

    private void Instruction(Line line)
    {
        if (line.Guard is { } guard)
            Read(line, guard, "pred");
        if (line.Opcode.Contains(".approx", StringComparison.Ordinal) && !allowApproximate)
            Error(line.Text, "an approximation without fast maths");
        string[] parts = line.Opcode.Split('.');
        string type = parts[^1];
        string[] o = line.Operands;
        switch (parts[0])
        {
            case "add" or "sub" or "min" or "max" or "rem":
                Modifiers(line, parts, type);
                Operands(line, 3, type, type, type);
                break;
            case "div":
                if (type is "f32" or "f64" && !parts.Contains("rn") && !parts.Contains("approx") && !parts.Contains("full"))
                    Error(line.Text, "float division needs a rounding");
                Operands(line, 3, type, type, type);
                break;
            case "mul" or "mad":
                Multiply(line, parts, type);
                break;
            case "fma":
                if (!parts.Contains("rn"))
                    Error(line.Text, "fma needs a rounding");
                Operands(line, 4, type, type, type, type);
                break;
            case "and" or "or" or "xor":
                if (type is not ("pred" or "b16" or "b32" or "b64"))
                    Error(line.Text, "logic takes bit types");
                Operands(line, 3, type, type, type);
                break;
            case "not" or "neg" or "abs" or "brev":
                Operands(line, 2, type, type);
                break;
            case "sqrt" or "rcp" or "rsqrt" or "ex2" or "lg2" or "sin" or "cos" or "tanh":
                bool rounded = parts[0] is "sqrt" or "rcp" && parts.Contains("rn");
                if (!rounded && !parts.Contains("approx"))
                    Error(line.Text, "needs .rn or .approx");
                if (parts[0] == "tanh" && (arch < 75 || version < 70))
                    Error(line.Text, "tanh needs sm_75");
                Operands(line, 2, type, type);
                break;
            case "shl" or "shr":
                if (parts[0] == "shl" && !type.StartsWith('b'))
                    Error(line.Text, "shl takes a bit type");
                Operands(line, 3, type, type, "u32");
                break;
            case "popc" or "clz":
                Operands(line, 2, "u32", type);
                break;
            case "copysign":
                Operands(line, 3, type, type, type);
                break;
            case "testp":
                Operands(line, 2, "pred", type);
                break;
            case "setp":
                if (type.StartsWith('b') && parts[1] is not ("eq" or "ne"))
                    Error(line.Text, "bit types compare for equality only");
                if (parts[1] is "nan" or "num" or "neu" or "ltu" or "leu" or "gtu" or "geu" && !type.StartsWith('f'))
                    Error(line.Text, "unordered comparison of integers");
                Operands(line, 3, "pred", type, type);
                break;
            case "selp":
                if (type == "pred")
                    Error(line.Text, "selp has no predicate form");
                Operands(line, 4, type, type, type, "pred");
                break;
            case "cvt" when parts[^2] is "tf32" or "bf16x2":
                if (arch < 80 || line.Opcode is not ("cvt.rna.tf32.f32" or "cvt.rn.bf16x2.f32"))
                    Error(line.Text, "cvt.rna.tf32.f32 or cvt.rn.bf16x2.f32 of sm_80");
                Operands(line, parts[^2] == "tf32" ? 2 : 3, parts[^2] == "tf32" ? ["b32", "f32"] : ["b32", "f32", "f32"]);
                break;
            case "cvt":
                ConvertTypes(line, parts);
                break;
            case "cvta":
                Operands(line, 2, "u64", "u64");
                break;
            case "mov":
                Move(line, type);
                break;
            case "ld" or "ldu":
                Load(line, parts, type);
                break;
            case "st":
                Store(line, parts, type);
                break;
            case "atom":
                AtomicTypes(line, parts, type, hasResult: true);
                break;
            case "red":
                AtomicTypes(line, parts, type, hasResult: false);
                break;
            case "bar":
                Barriers(line, parts);
                break;
            case "shfl":
                if (!line.Opcode.StartsWith("shfl.sync.", StringComparison.Ordinal) || type != "b32")
                    Error(line.Text, "shfl.sync.mode.b32");
                Operands(line, 5, "b32", "b32", "u32", "u32", "u32");
                break;
            case "bra":
                if (o.Length != 1 || !labels.ContainsKey(o[0]))
                    Error(line.Text, "unknown label");
                break;
            case "membar":
                if (type is not ("cta" or "gl" or "sys"))
                    Error(line.Text, "unknown level");
                break;
            case "mma" or "ldmatrix" or "cp":
                int needed = parts[0] == "ldmatrix" ? 75 : 80;
                if (arch < needed)
                    Error(line.Text, $"needs sm_{needed}");
                InlineOperands(line);
                break;
            case "ret" or "trap" or "call":
                break;
            default:
                Error(line.Text, "unknown instruction");
                break;
        }
    }

    private void Modifiers(Line line, string[] parts, string type)
    {
        if (parts.Contains("NaN") && (arch < 80 || version < 70 || type == "f64"))
            Error(line.Text, ".NaN needs sm_80 and is no f64 form");
        if (parts[0] is "min" or "max" && type.StartsWith('b'))
            Error(line.Text, "min and max need a signedness");
        if (parts[0] == "rem" && type.StartsWith('f'))
            Error(line.Text, "there is no float remainder");
    }

    private void Multiply(Line line, string[] parts, string type)
    {
        bool isFloat = type is "f32" or "f64";
        bool wide = parts.Contains("wide");
        if (!isFloat && !wide && !parts.Contains("lo") && !parts.Contains("hi"))
            Error(line.Text, "integer products need .lo, .hi or .wide");
        string result = wide ? type[0] + (Sizes[type] * 16).ToString(CultureInfo.InvariantCulture) : type;
        if (parts[0] == "mad")
            Operands(line, 4, result, type, type, result);
        else
            Operands(line, 3, result, type, type);
    }

    private void ConvertTypes(Line line, string[] parts)
    {
        string to = parts[^2];
        string from = parts[^1];
        string? rounding = parts.Length > 3 ? parts[1] : null;
        bool toFloat = to[0] == 'f';
        bool fromFloat = from[0] == 'f';
        bool wantsFloatRounding = toFloat && (!fromFloat || Sizes[to] < Sizes[from]);
        bool wantsIntegerRounding = !toFloat && fromFloat || toFloat && fromFloat && to == from;
        bool fits = wantsFloatRounding ? rounding is "rn" or "rz" or "rm" or "rp"
            : wantsIntegerRounding ? rounding is "rni" or "rzi" or "rmi" or "rpi"
            : rounding is null;
        if (!fits)
            Error(line.Text, "wrong rounding for this conversion");
        if (line.Operands.Length != 2)
        {
            Error(line.Text, "takes 2 operands");
            return;
        }
        Write(line, line.Operands[0], to, mayBeWider: true);
        Read(line, line.Operands[1], from, mayBeWider: true);
    }

    private void Move(Line line, string type)
    {
        string[] o = line.Operands;
        if (o.Length != 2)
        {
            Error(line.Text, "takes 2 operands");
            return;
        }
        if (o[0].StartsWith('{') || o[1].StartsWith('{'))
        {
            string half = "b" + (Sizes[type] * 4).ToString(CultureInfo.InvariantCulture);
            foreach (string part in Elements(o[0]))
                Write(line, part, o[0].StartsWith('{') ? half : type);
            foreach (string part in Elements(o[1]))
                Read(line, part, o[1].StartsWith('{') ? half : type);
            return;
        }
        Write(line, o[0], type);
        string root = o[1].Split('+')[0];
        if (symbols.Contains(root))
        {
            if (type != "u64")
                Error(line.Text, "the address of a symbol has 64 bits");
        }
        else if (IsSpecial(o[1]))
        {
            if (type != "u32")
                Error(line.Text, "special registers have 32 bits");
        }
        else
        {
            Read(line, o[1], type, allowPredicateImmediate: true);
        }
    }

    private void Load(Line line, string[] parts, string type)
    {
        string[] o = line.Operands;
        if (o.Length != 2)
        {
            Error(line.Text, "takes 2 operands");
            return;
        }
        if (parts.Contains("param"))
        {
            string name = o[1].Trim('[', ']');
            if (!parameters.TryGetValue(name, out string? declared))
                Error(line.Text, "unknown parameter");
            else if (Sizes[declared] != Sizes[type])
                Error(line.Text, $"the parameter is .{declared}");
        }
        else
        {
            if (parts.Contains("nc") && !parts.Contains("global"))
                Error(line.Text, ".nc is for global memory");
            Address(line, o[1]);
        }
        int count = VectorWidth(line, parts, type);
        string[] elements = Elements(o[0]);
        if (elements.Length != count)
            Error(line.Text, "wrong number of elements");
        foreach (string element in elements)
            Write(line, element, type, mayBeWider: true);
    }

    private void Store(Line line, string[] parts, string type)
    {
        string[] o = line.Operands;
        if (o.Length != 2)
        {
            Error(line.Text, "takes 2 operands");
            return;
        }
        if (!parts.Contains("param"))
            Address(line, o[0]);
        int count = VectorWidth(line, parts, type);
        string[] elements = Elements(o[1]);
        if (elements.Length != count)
            Error(line.Text, "wrong number of elements");
        foreach (string element in elements)
            Read(line, element, type, mayBeWider: true);
    }

    private int VectorWidth(Line line, string[] parts, string type)
    {
        int count = parts.Contains("v4") ? 4 : parts.Contains("v2") ? 2 : 1;
        if (count * Sizes[type] > 16)
            Error(line.Text, "a vector access has at most 16 bytes");
        return count;
    }

    private void AtomicTypes(Line line, string[] parts, string type, bool hasResult)
    {
        string operation = parts[^2];
        bool fits = operation switch
        {
            "add" => type is "u32" or "s32" or "u64" or "f32" or "f64",
            "min" or "max" => type is "u32" or "s32" or "u64" or "s64",
            "and" or "or" or "xor" => type is "b32" or "b64",
            "exch" or "cas" => hasResult && type is "b32" or "b64",
            _ => false,
        };
        if (!fits || parts[1] is not ("global" or "shared"))
            Error(line.Text, "no such atomic operation");
        int operands = (hasResult ? 2 : 1) + (operation == "cas" ? 2 : 1);
        if (line.Operands.Length != operands)
        {
            Error(line.Text, $"takes {operands} operands");
            return;
        }
        int next = 0;
        if (hasResult)
            Write(line, line.Operands[next++], type);
        Address(line, line.Operands[next++]);
        for (; next < operands; next++)
            Read(line, line.Operands[next], type);
    }

    private void Barriers(Line line, string[] parts)
    {
        switch (line.Opcode)
        {
            case "bar.sync" or "bar.warp.sync":
                if (line.Operands.Length != 1)
                    Error(line.Text, "takes 1 operand");
                break;
            case "bar.red.popc.u32":
                Operands(line, 3, "u32", "u32", "pred");
                break;
            case "bar.red.and.pred" or "bar.red.or.pred":
                Operands(line, 3, "pred", "u32", "pred");
                break;
            default:
                Error(line.Text, $"unknown barrier {parts[^1]}");
                break;
        }
    }

    /// <summary>Hand-written instructions: their registers must exist, no more.</summary>
    private void InlineOperands(Line line)
    {
        foreach (Match match in RegisterUsePattern().Matches(string.Join(' ', line.Operands)))
        {
            if (!registers.ContainsKey(match.Value))
                Error(line.Text, $"{match.Value} is not declared");
        }
        foreach (string element in line.Operands.Length > 0 ? Elements(line.Operands[0]) : [])
        {
            if (registers.ContainsKey(element))
                line.Writes.Add(element);
        }
    }

    private void Operands(Line line, int count, params string[] types)
    {
        if (line.Operands.Length != count)
        {
            Error(line.Text, $"takes {count} operands");
            return;
        }
        Write(line, line.Operands[0], types[0]);
        for (int i = 1; i < count; i++)
            Read(line, line.Operands[i], types[i]);
    }

    private static string[] Elements(string operand) =>
        operand.StartsWith('{') ? operand.Trim('{', '}').Split(',', StringSplitOptions.TrimEntries) : [operand];

    private void Address(Line line, string operand)
    {
        if (!operand.StartsWith('[') || !operand.EndsWith(']'))
        {
            Error(line.Text, "an address stands in brackets");
            return;
        }
        string[] parts = operand[1..^1].Split('+', 2);
        if (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            Error(line.Text, "the offset is a 32-bit integer");
        // Shared memory is small enough for addresses of 32 bits.
        bool isNarrow = line.Opcode.Contains(".shared", StringComparison.Ordinal) && registers.GetValueOrDefault(parts[0]) == "b32";
        if (!symbols.Contains(parts[0]))
            Read(line, parts[0], isNarrow ? "u32" : "u64");
    }

    private void Write(Line line, string operand, string type, bool mayBeWider = false)
    {
        if (CheckRegister(line, operand, type, mayBeWider))
            line.Writes.Add(operand);
    }

    private void Read(Line line, string operand, string type, bool mayBeWider = false, bool allowPredicateImmediate = false)
    {
        if (registers.ContainsKey(operand) || operand.StartsWith('%'))
        {
            if (CheckRegister(line, operand, type, mayBeWider))
                line.Reads.Add(operand);
            return;
        }
        bool fits = type switch
        {
            "f32" => SingleImmediate().IsMatch(operand),
            "f64" => DoubleImmediate().IsMatch(operand),
            "pred" => allowPredicateImmediate && operand is "0" or "-1",
            "f16" => false,
            _ => long.TryParse(operand, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                || ulong.TryParse(operand, NumberStyles.None, CultureInfo.InvariantCulture, out _),
        };
        if (!fits)
            Error(line.Text, $"{operand} is no .{type} immediate");
    }

    private bool CheckRegister(Line line, string operand, string type, bool mayBeWider)
    {
        if (!registers.TryGetValue(operand, out string? declared))
        {
            Error(line.Text, $"{operand} is not declared");
            return false;
        }
        bool sameSize = Sizes[declared] == Sizes[type];
        bool wider = mayBeWider && Sizes[declared] > Sizes[type] && type[0] != 'f' && declared[0] != 'f' && declared != "pred"
            && type != "pred";
        bool sameKind = declared == "pred" || type == "pred" ? declared == type
            : declared[0] == 'f' ? type[0] is 'f' or 'b'
            : declared[0] == 'b' || type[0] == 'b' || type[0] != 'f';
        if ((!sameSize && !wider) || !sameKind)
            Error(line.Text, $"{operand} is .{declared}, but the instruction wants .{type}");
        return true;
    }

    private static bool IsSpecial(string operand) =>
        operand is "%laneid" or "%dynamic_smem_size" || SpecialPattern().IsMatch(operand);

    /// <summary>Every register is written before it is read, whatever way control took.</summary>
    private void DefiniteAssignment()
    {
        var starts = new SortedSet<int>(labels.Values) { 0 };
        for (int i = 0; i < lines.Count; i++)
        {
            if (lines[i].Opcode is "bra" or "ret")
                starts.Add(i + 1);
        }
        starts.Remove(lines.Count);
        int[] blocks = [.. starts];
        var entry = new HashSet<string>?[blocks.Length];
        entry[0] = [];
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int b = 0; b < blocks.Length; b++)
            {
                if (entry[b] is not { } known)
                    continue;
                var assigned = new HashSet<string>(known);
                int end = b + 1 < blocks.Length ? blocks[b + 1] : lines.Count;
                for (int i = blocks[b]; i < end; i++)
                    assigned.UnionWith(lines[i].Writes);
                var last = lines[end - 1];
                if (last.Opcode == "bra" && labels.TryGetValue(last.Operands[0], out int target) && target < lines.Count)
                    changed |= Meet(entry, Array.IndexOf(blocks, target), assigned);
                bool falls = last.Opcode is not ("bra" or "ret") || last.Guard is not null;
                if (falls && b + 1 < blocks.Length)
                    changed |= Meet(entry, b + 1, assigned);
                else if (falls && b + 1 == blocks.Length)
                    Error(last.Text, "control falls off the end");
            }
        }
        for (int b = 0; b < blocks.Length; b++)
        {
            if (entry[b] is not { } known)
                continue;
            var assigned = new HashSet<string>(known);
            int end = b + 1 < blocks.Length ? blocks[b + 1] : lines.Count;
            for (int i = blocks[b]; i < end; i++)
            {
                foreach (string register in lines[i].Reads.Where(r => !assigned.Contains(r)))
                    Error(lines[i].Text, $"{register} is read before it is written");
                assigned.UnionWith(lines[i].Writes);
            }
        }
    }

    private static bool Meet(HashSet<string>?[] entry, int block, HashSet<string> assigned)
    {
        if (entry[block] is not { } known)
        {
            entry[block] = [.. assigned];
            return true;
        }
        int before = known.Count;
        known.IntersectWith(assigned);
        return known.Count != before;
    }

    [GeneratedRegex(@"^\.version (\d+)\.(\d+)\s+\.target sm_(\d+)\s+\.address_size 64\s")]
    private static partial Regex HeaderPattern();

    [GeneratedRegex(@"^\s*(?:\.extern |\.visible )?\.(?:shared|global|local) \.align \d+ \.b8 (\w+)\[\d*\]", RegexOptions.Multiline)]
    private static partial Regex SymbolPattern();

    [GeneratedRegex(@"\.param \.(\w+) (\w+)")]
    private static partial Regex EntryParameterPattern();

    [GeneratedRegex(@"^\.reg \.(\w+) ([%\w, ]+?)(?:<(\d+)>)?;$")]
    private static partial Regex RegisterPattern();

    [GeneratedRegex(@"[^;:{}]*(?:\{[^{};]*\}[^;:{}]*)*[;:]|[{}]")]
    private static partial Regex StatementPattern();

    [GeneratedRegex(@"%\w+")]
    private static partial Regex RegisterUsePattern();

    [GeneratedRegex("^0f[0-9A-F]{8}$")]
    private static partial Regex SingleImmediate();

    [GeneratedRegex("^0d[0-9A-F]{16}$")]
    private static partial Regex DoubleImmediate();

    [GeneratedRegex(@"^%(?:tid|ntid|ctaid|nctaid)\.[xyz]$")]
    private static partial Regex SpecialPattern();
}
