namespace GpuVae.Layers;

/// <summary>What a level of the decoder's way down is made of; see <see cref="TopDown"/>.</summary>
/// <param name="Shape">Where it lies.</param>
/// <param name="OfUnits">U: its units to what they add to the state.</param>
/// <param name="Branch">F: what more is made of the sum.</param>
/// <param name="After">To where the next level lies, if that is elsewhere.</param>
internal sealed record LevelNetworks(LevelShape Shape, Network OfUnits, Network Branch, Network? After)
{
    public IEnumerable<Network> All => After is null ? [OfUnits, Branch] : [OfUnits, Branch, After];

    /// <summary>Numbers of the state after the level.</summary>
    public int Outputs => After?.Outputs ?? Branch.Outputs;
}
