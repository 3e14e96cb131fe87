using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Intrinsics;

namespace GpuVae.Simd.Emit;

/// <summary>A .NET vector type: 64 to 512 bits of int, uint, long, ulong, float or double.</summary>
internal readonly record struct VectorType(int Bits, Type Element)
{
    public Type Clr => VectorApi.Generic(Bits).MakeGenericType(Element);
    public int Count => Bits / (Element == typeof(long) || Element == typeof(ulong) || Element == typeof(double) ? 64 : 32);
    public VectorType With(Type element) => this with { Element = element };
    public VectorType Half => this with { Bits = Bits / 2 };
}

/// <summary>Finds the methods of Vector64/128/256/512 and of our own helpers for emitted code, each once per process.</summary>
internal static class VectorApi
{
    private static readonly ConcurrentDictionary<(Type Holder, string Name, Type? Element, Signature Parameters), MethodInfo> Methods =
        new();
    private static readonly ConcurrentDictionary<Type, ILookup<string, MethodInfo>> ByName = new();

    public static Type Generic(int bits) => bits switch
    {
        64 => typeof(Vector64<>),
        128 => typeof(Vector128<>),
        256 => typeof(Vector256<>),
        _ => typeof(Vector512<>),
    };

    /// <summary>Bytes of a variable: a vector, or a scalar, which takes eight.</summary>
    public static int SizeOf(Type type)
    {
        Type? generic = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        int bits = 512;
        while (bits > 64 && generic != Generic(bits))
            bits /= 2;
        return bits / 8;
    }

    public static Type Holder(int bits) => bits switch
    {
        64 => typeof(Vector64),
        128 => typeof(Vector128),
        256 => typeof(Vector256),
        _ => typeof(Vector512),
    };

    /// <summary>A static method by name and exact parameter types; generic ones are closed over <paramref name="element"/>.</summary>
    public static MethodInfo Find(Type holder, string name, Type? element, params Type[] parameters) =>
        Methods.GetOrAdd(
            (holder, name, element, new Signature(parameters)),
            static key => Search(key.Holder, key.Name, key.Element, key.Parameters.Types));

    private static MethodInfo Search(Type holder, string name, Type? element, Type[] parameters)
    {
        IEnumerable<MethodInfo> candidates = ByName.GetOrAdd(holder, static type => type
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .ToLookup(m => m.Name))[name];
        foreach (MethodInfo candidate in candidates)
        {
            MethodInfo method = candidate;
            if (method.GetParameters().Length != parameters.Length)
                continue;
            if (method.IsGenericMethodDefinition)
            {
                if (element is null || method.GetGenericArguments().Length != 1)
                    continue;
                method = method.MakeGenericMethod(element);
            }
            if (method.GetParameters().Select(p => p.ParameterType).SequenceEqual(parameters))
                return method;
        }
        throw new MissingMethodException(holder.Name, $"{name}({string.Join(", ", parameters.Select(p => p.ToString()))})");
    }

    private readonly struct Signature(Type[] types) : IEquatable<Signature>
    {
        public Type[] Types { get; } = types;
        public bool Equals(Signature other) => Types.AsSpan().SequenceEqual(other.Types);
        public override bool Equals(object? obj) => obj is Signature other && Equals(other);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (Type type in Types)
                hash.Add(type);
            return hash.ToHashCode();
        }
    }
}
