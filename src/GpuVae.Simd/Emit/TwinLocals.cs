using System.Reflection.Emit;

namespace GpuVae.Simd.Emit;

/// <summary>The variables that a method has in the place of those of the method that it is called from.</summary>
/// <param name="declare">Declares a variable of the called method.</param>
internal sealed class TwinLocals(Func<Type, LocalBuilder> declare)
{
    private readonly HashSet<LocalBuilder> own = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LocalBuilder, LocalBuilder> twins = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<LocalBuilder> written = new(ReferenceEqualityComparer.Instance);

    /// <summary>All pairs, in the order in which they were asked for.</summary>
    public List<(LocalBuilder Outer, LocalBuilder Inner)> All { get; } = [];

    /// <summary>The pairs whose inner variable is set.</summary>
    public IEnumerable<(LocalBuilder Outer, LocalBuilder Inner)> Written => All.Where(pair => written.Contains(pair.Outer));

    /// <summary>Declares a variable that only the called method has.</summary>
    public LocalBuilder Declare(Type type)
    {
        LocalBuilder local = declare(type);
        own.Add(local);
        return local;
    }

    /// <summary>The variable itself if it is the called method's, else its twin there.</summary>
    public LocalBuilder Of(LocalBuilder local, bool isWritten = false)
    {
        if (own.Contains(local))
            return local;
        if (!twins.TryGetValue(local, out LocalBuilder? twin))
        {
            twins.Add(local, twin = Declare(local.LocalType));
            All.Add((local, twin));
        }
        if (isWritten)
            written.Add(local);
        return twin;
    }
}
