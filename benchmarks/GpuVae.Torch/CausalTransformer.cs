using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GpuVae.Torch;

/// <summary>The library's causal transformer over codes: learned places, blocks with layer normalisation before, SiLU.</summary>
internal sealed class CausalTransformer : Module
{
    private readonly Embedding codes, places;
    private readonly ModuleList<Block> blocks;
    private readonly LayerNorm norm;
    private readonly Linear logits;
    private readonly Tensor numbers;

    public CausalTransformer(long count, long length, long width, long heads, long layers)
        : base(nameof(CausalTransformer))
    {
        // One more, which stands before the first.
        codes = Embedding(count + 1, width);
        places = Embedding(length, width);
        blocks = ModuleList([.. Enumerable.Range(0, (int)layers).Select(_ => new Block(width, heads))]);
        norm = LayerNorm(width);
        logits = torch.nn.Linear(width, count);
        numbers = arange(length);
        RegisterComponents();
    }

    /// <summary>−ln p of sequences [images, length], averaged over the images.</summary>
    public Tensor Loss(Tensor sequences)
    {
        Tensor before = cat([full([sequences.shape[0], 1], logits.out_features, dtype: ScalarType.Int64), sequences[.., ..^1]], dim: 1);
        Tensor x = codes.call(before) + places.call(numbers);
        foreach (Block block in blocks)
            x = block.Forward(x);
        return functional.cross_entropy(
            logits.call(norm.call(x)).flatten(0, 1), sequences.flatten(), reduction: Reduction.Sum) / sequences.shape[0];
    }

    private sealed class Block : Module
    {
        private readonly LayerNorm before, after;
        private readonly Linear input, output, hidden, last;
        private readonly long heads;

        public Block(long width, long heads)
            : base(nameof(Block))
        {
            this.heads = heads;
            before = LayerNorm(width);
            input = torch.nn.Linear(width, 3 * width);
            output = torch.nn.Linear(width, width);
            after = LayerNorm(width);
            hidden = torch.nn.Linear(width, 4 * width);
            last = torch.nn.Linear(4 * width, width);
            RegisterComponents();
        }

        public Tensor Forward(Tensor x)
        {
            long images = x.shape[0], length = x.shape[1], width = x.shape[2];
            Tensor[] parts = [.. input.call(before.call(x)).chunk(3, dim: 2)
                .Select(part => part.view(images, length, heads, width / heads).transpose(1, 2))];
            Tensor seen = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_casual: true);
            x = x + output.call(seen.transpose(1, 2).reshape(images, length, width));
            return x + last.call(functional.silu(hidden.call(after.call(x))));
        }
    }
}
