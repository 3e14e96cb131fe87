using Onnx;

namespace GpuVae.Onnx.Networks;

/// <summary>Attributes of a node by name.</summary>
internal static class NodeAttributes
{
    public static int Int(this NodeProto node, string name, int otherwise) =>
        Find(node, name) is { } attribute ? int.CreateSaturating(attribute.I) : otherwise;

    public static float Float(this NodeProto node, string name, float otherwise) =>
        Find(node, name) is { } attribute ? attribute.F : otherwise;

    public static int[]? Ints(this NodeProto node, string name) =>
        Find(node, name) is { } attribute ? [.. attribute.Ints.Select(value => int.CreateSaturating(value))] : null;

    public static string? Text(this NodeProto node, string name) => Find(node, name)?.S.ToStringUtf8();

    public static AttributeProto? Find(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name);
}
