using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using SourceLocation = GpuVae.Simd.Ir.SourceLocation;

namespace GpuVae.Simd.Frontend;

/// <summary>Source lines from portable PDBs, where an assembly has one beside it.</summary>
internal static class SequencePoints
{
    private static readonly ConcurrentDictionary<Module, MetadataReader?> Readers = new();

    /// <summary>Where the instruction at an IL offset was written; the line is 0 where there is no PDB.</summary>
    public static SourceLocation Find(MethodBase method, int offset)
    {
        string name = NameOf(method);
        try
        {
            MethodDefinitionHandle handle = MetadataTokens.MethodDefinitionHandle(method.MetadataToken & 0x00FFFFFF);
            if (Readers.GetOrAdd(method.Module, Open) is not { } reader
                || MetadataTokens.GetRowNumber(handle) > reader.MethodDebugInformation.Count)
            {
                return new SourceLocation(name, null, 0, offset);
            }
            var best = default(SequencePoint?);
            foreach (SequencePoint point in reader.GetMethodDebugInformation(handle).GetSequencePoints())
            {
                if (!point.IsHidden && point.Offset <= offset)
                    best = point;
            }
            return best is { } found
                ? new SourceLocation(name, reader.GetString(reader.GetDocument(found.Document).Name), found.StartLine, offset)
                : new SourceLocation(name, null, 0, offset);
        }
        catch (Exception e) when (e is BadImageFormatException or InvalidOperationException or NotSupportedException)
        {
            // A damaged PDB or a method of a dynamic assembly costs the line number, not the kernel.
            return new SourceLocation(name, null, 0, offset);
        }
    }

    public static string NameOf(MethodBase method) =>
        method.DeclaringType is { } type ? $"{NameOf(type)}.{method.Name}" : method.Name;

    public static string NameOf(Type type)
    {
        if (type.IsByRef)
            return "ref " + NameOf(type.GetElementType()!);
        if (type.HasElementType)
            return NameOf(type.GetElementType()!) + (type.IsPointer ? "*" : "[]");
        string name = type.IsNested && !type.IsGenericParameter ? $"{NameOf(type.DeclaringType!)}.{type.Name}" : type.Name;
        return type.IsGenericType
            ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
            : name;
    }

    private static MetadataReader? Open(Module module)
    {
        string assembly = module.FullyQualifiedName;
        string path = Path.ChangeExtension(assembly, ".pdb");
        try
        {
            return File.Exists(path) ? MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(path)).GetMetadataReader() : null;
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
