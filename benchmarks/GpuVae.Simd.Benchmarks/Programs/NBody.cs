using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace GpuVae.Simd.Benchmarks.Programs;

/// <summary>The accelerations of bodies that all attract each other, softened at short range.</summary>
internal sealed class NBody() : BenchmarkProgram("N-body, all pairs", "Gpair")
{
    private const float Softening = 1e-2f;

    public override int Size => 8192;

    public override int EmulatorSize => 2048;

    public override double Work(int size) => 1e-9 * size * size;

    internal struct Body
    {
        public float X, Y, Z, Mass;
    }

    internal struct Acceleration
    {
        public float X, Y, Z;
    }

    private static void Attract(
        Index1D index, ArrayView1D<Body, Stride1D.Dense> bodies, ArrayView1D<Acceleration, Stride1D.Dense> accelerations)
    {
        Body body = bodies[index];
        Acceleration sum = default;
        for (int i = 0; i < bodies.IntLength; i++)
        {
            Body other = bodies[i];
            float x = other.X - body.X, y = other.Y - body.Y, z = other.Z - body.Z;
            float inverse = XMath.Rsqrt(x * x + y * y + z * z + Softening);
            float strength = other.Mass * inverse * inverse * inverse;
            sum.X += x * strength;
            sum.Y += y * strength;
            sum.Z += z * strength;
        }
        accelerations[index] = sum;
    }

    public override PreparedRun OnAccelerator(Accelerator accelerator, int size)
    {
        Body[] cloud = Cloud(size);
        MemoryBuffer1D<Body, Stride1D.Dense> bodies = accelerator.Allocate1D(cloud);
        MemoryBuffer1D<Acceleration, Stride1D.Dense> accelerations = accelerator.Allocate1D<Acceleration>(size);
        Action<Index1D, ArrayView1D<Body, Stride1D.Dense>, ArrayView1D<Acceleration, Stride1D.Dense>> kernel =
            accelerator.LoadAutoGroupedStreamKernel<
            Index1D, ArrayView1D<Body, Stride1D.Dense>, ArrayView1D<Acceleration, Stride1D.Dense>>(Attract);
        return new PreparedRun(
            () =>
            {
                kernel(size, bodies.View, accelerations.View);
                accelerator.Synchronize();
            },
            () => Check(cloud, accelerations.GetAsArray1D()), bodies, accelerations);
    }

    public override PreparedRun InPlainCSharp(int size)
    {
        Body[] bodies = Cloud(size);
        var accelerations = new Acceleration[size];
        return new PreparedRun(
            () => Parallel.For(0, size, index =>
            {
                Body body = bodies[index];
                Acceleration sum = default;
                foreach (ref readonly Body other in bodies.AsSpan())
                {
                    float x = other.X - body.X, y = other.Y - body.Y, z = other.Z - body.Z;
                    float inverse = 1 / MathF.Sqrt(x * x + y * y + z * z + Softening);
                    float strength = other.Mass * inverse * inverse * inverse;
                    sum.X += x * strength;
                    sum.Y += y * strength;
                    sum.Z += z * strength;
                }
                accelerations[index] = sum;
            }),
            () => Check(bodies, accelerations));
    }

    private static Body[] Cloud(int size)
    {
        var random = new Random(1);
        var bodies = new Body[size];
        for (int i = 0; i < size; i++)
            bodies[i] = new Body { X = Position(), Y = Position(), Z = Position(), Mass = random.NextSingle() / size };
        return bodies;

        float Position() => 2 * random.NextSingle() - 1;
    }

    private static void Check(Body[] bodies, Acceleration[] accelerations)
    {
        for (int index = 0; index < bodies.Length; index += bodies.Length / 64)
        {
            double sumX = 0, sumY = 0, sumZ = 0, size = 0;
            foreach (Body other in bodies)
            {
                double x = (double)other.X - bodies[index].X, y = (double)other.Y - bodies[index].Y, z = (double)other.Z - bodies[index].Z;
                double square = x * x + y * y + z * z + Softening;
                double strength = other.Mass / (square * Math.Sqrt(square));
                sumX += x * strength;
                sumY += y * strength;
                sumZ += z * strength;
                size += strength;
            }
            // Float arithmetic and, on a GPU, a reciprocal root of 22 bits.
            Expect.Close($"acceleration {index}, x", accelerations[index].X, sumX, size, 1e-5);
            Expect.Close($"acceleration {index}, y", accelerations[index].Y, sumY, size, 1e-5);
            Expect.Close($"acceleration {index}, z", accelerations[index].Z, sumZ, size, 1e-5);
        }
    }
}
