using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using GpuVae.Data;

namespace GpuVae.Training;

/// <summary>
/// What a training was fed with, as SHA-256 of the content in its order: pixels on the one hand, labels with their names and all factors
/// on the other, of the training and of the test set. Parts are null where there is no test set, or an old checkpoint does not tell.
/// </summary>
internal sealed record DataDigest(string Images, string? Labels, string? TestImages, string? TestLabels)
{
    private const string ImagesKey = "data", LabelsKey = "labels", TestImagesKey = "test", TestLabelsKey = "testLabels";

    public static DataDigest Of(ImageSet train, ImageSet? test) => new(
        OfImages(train), OfLabels(train), test is null ? null : OfImages(test), test is null ? null : OfLabels(test));

    /// <exception cref="FormatException">The header tells nothing of images.</exception>
    public static DataDigest Read(JsonObject header) => new(
        (string?)header[ImagesKey] ?? throw new FormatException(), (string?)header[LabelsKey], (string?)header[TestImagesKey],
        (string?)header[TestLabelsKey]);

    public void Write(JsonObject header)
    {
        header[ImagesKey] = Images;
        header[LabelsKey] = Labels;
        header[TestImagesKey] = TestImages;
        header[TestLabelsKey] = TestLabels;
    }

    /// <param name="train">What the run is to go on with.</param>
    /// <param name="test">What it is to be tested on.</param>
    /// <exception cref="BadInputException">It is not what the checkpoint tells; the message says in what it differs.</exception>
    public void Require(ImageSet train, ImageSet? test)
    {
        DataDigest given = Of(train, test);
        if (given.Images != Images)
            throw Differs($"{train.Name} is not what the checkpoint was trained on ({Images.Split(':')[0]} images)");
        // A checkpoint of before the labels were looked at has none of the other parts.
        if (Labels is null)
            return;
        if (given.Labels != Labels)
            throw Differs($"The labels or attributes of {train.Name} are not those of the checkpoint");
        if (given.TestImages != TestImages)
            throw Differs(
                TestImages is null ? "The checkpoint was trained without a test set, and one is given now"
                : test is null ? $"The checkpoint was tested on {TestImages.Split(':')[0]} images, and none are given now"
                : $"{test.Name} is not what the checkpoint was tested on ({TestImages.Split(':')[0]} images)");
        if (given.TestLabels != TestLabels)
            throw Differs($"The labels or attributes of {test!.Name} are not those of the checkpoint");
    }

    private static BadInputException Differs(string what) => new($"{what}. Resume with the data of the run.");

    /// <summary>Of a streamed set images from all over it stand for it: to read all of it could take longer than an epoch.</summary>
    private static string OfImages(ImageSet images)
    {
        const int most = 256;
        string kind = $"{images.Count}×{images.Shape}" + (images.Format == PixelFormat.Byte ? "" : $" {images.Format}");
        if (!images.IsStreamed)
            return $"{kind}:{Convert.ToHexStringLower(SHA256.HashData(images.Pixels))}";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int count = Math.Min(most, images.Count);
        for (int i = 0; i < count; i++)
            hash.AppendData(images[(int)((long)i * images.Count / count)]);
        return $"{kind}, streamed:{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    private static string OfLabels(ImageSet images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Numbers<int>(images.Labels ?? []);
        Names(images.LabelNames);
        foreach (Factor factor in images.Factors)
        {
            Names([factor.Name, .. factor.ValueNames ?? []]);
            Numbers<float>([factor.Threshold, .. factor.Values]);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        // Each part with its length, so that nothing can move from one to the next.
        void Numbers<T>(ReadOnlySpan<T> values)
            where T : unmanaged
        {
            hash.AppendData(BitConverter.GetBytes(values.Length));
            hash.AppendData(MemoryMarshal.AsBytes(values));
        }

        void Names(string[]? names)
        {
            hash.AppendData(BitConverter.GetBytes(names?.Length ?? -1));
            foreach (string name in names ?? [])
                Numbers<byte>(Encoding.UTF8.GetBytes(name));
        }
    }
}
