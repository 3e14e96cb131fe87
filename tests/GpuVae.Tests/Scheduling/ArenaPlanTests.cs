using GpuVae.Scheduling;

namespace GpuVae.Tests.Scheduling;

public class ArenaPlanTests
{
    [Fact]
    public void TensorsThatAreAliveTogetherNeverOverlap()
    {
        var random = new Random(3);
        for (int round = 0; round < 50; round++)
        {
            var plan = new ArenaPlan();
            var tensors = new List<(long Length, int First, int Last)>();
            for (int i = 0; i < 40; i++)
            {
                int first = random.Next(30);
                tensors.Add((random.Next(1, 5000), first, first + random.Next(12)));
                Assert.Equal(i, plan.Add(tensors[i].Length, tensors[i].First, tensors[i].Last));
            }
            plan.Place();
            for (int a = 0; a < tensors.Count; a++)
            {
                Assert.True(plan.OffsetOf(a) % ArenaPlan.Alignment == 0);
                Assert.True(plan.OffsetOf(a) + tensors[a].Length <= plan.Length);
                for (int b = 0; b < a; b++)
                {
                    bool together = tensors[a].First <= tensors[b].Last && tensors[b].First <= tensors[a].Last;
                    long startA = plan.OffsetOf(a), startB = plan.OffsetOf(b);
                    bool overlap = startA < startB + tensors[b].Length && startB < startA + tensors[a].Length;
                    Assert.False(together && overlap, $"tensors {a} and {b} of round {round}");
                }
            }
            Assert.InRange(plan.Length, plan.LowerBound, plan.LowerBound * 3 / 2);
        }
    }

    [Fact]
    public void AChainNeedsOnlyItsTwoLargestNeighbours()
    {
        var plan = new ArenaPlan();
        long[] lengths = [6400, 1280, 640, 1280, 6400];
        for (int i = 0; i < lengths.Length; i++)
            plan.Add(lengths[i], i, i + 1);
        plan.Place();
        Assert.Equal(7680, plan.LowerBound);
        Assert.Equal(7680, plan.Length);
    }
}
