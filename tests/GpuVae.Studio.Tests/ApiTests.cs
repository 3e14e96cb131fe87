using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using GpuVae.Applications;
using GpuVae.Imaging;

namespace GpuVae.Studio.Tests;

/// <summary>What programs get.</summary>
public sealed class ApiTests(ServedRuns served) : IClassFixture<ServedRuns>
{
    [Fact]
    public async Task RunsAreThoseThatHaveFilesOfOne()
    {
        JsonNode runs = await Get("/api/runs");
        Assert.Equal(ServedRuns.Digits, (string?)runs["default"]);
        string?[] names = [.. runs["runs"]!.AsArray().Select(run => (string?)run!["name"]).Order(StringComparer.Ordinal)];
        Assert.Equal([ServedRuns.Digits, ServedRuns.Faces], names);
    }

    [Fact]
    public async Task AModelInOneFileCanBeChosen()
    {
        const string file = "one.safetensors";
        using var folder = new TemporaryFolder();
        served.With(ServedRuns.Digits, model => model.SaveWeights(folder[file]));
        await using StudioServer server = await served.StartAsync(served.Options with { Runs = folder.FullPath, Run = file });
        using var client = new HttpClient { BaseAddress = server.Address };
        JsonNode run = (await client.GetFromJsonAsync<JsonNode>("/api/runs"))!["runs"]!.AsArray().Single()!;
        Assert.Equal((file, true), ((string?)run["name"], (bool)run["hasModel"]!));
        Assert.InRange((DateTime)run["written"]!, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), DateTime.UtcNow);
    }

    [Fact]
    public async Task UnitsComeByTheirKl()
    {
        JsonNode model = await Get("/api/model");
        Assert.Equal((28, 28, 1), ((int)model["width"]!, (int)model["height"]!, (int)model["channels"]!));
        Assert.Equal("Bernoulli", (string?)model["options"]!["likelihood"]);
        JsonArray units = model["units"]!.AsArray();
        double[] kl = [.. units.Select(unit => (double)unit!["kl"]!)];
        Assert.Equal([.. kl.OrderDescending()], kl);
        Assert.Equal([0, 1, 2, 3, 4], units.Select(unit => (int)unit!["unit"]!).Order());
        Assert.All(units, unit => Assert.InRange((double)unit!["deviation"]!, 1e-6, 10));
    }

    [Fact]
    public async Task TheMapHasAPointForEachPicture()
    {
        JsonNode map = await Get("/api/map"), pictures = await Get("/api/pictures?first=0&count=64");
        Assert.Equal(40, map["points"]!.AsArray().Count);
        Assert.Equal(40, (int)pictures["count"]!);
        JsonNode seventh = pictures["pictures"]![7]!;
        float[] code = Numbers(seventh["code"]!), right = Numbers(map["right"]!), center = Numbers(map["center"]!);
        float x = code.Zip(center, (value, mean) => value - mean).Zip(right, (offset, axis) => offset * axis).Sum();
        Assert.Equal(x, (float)map["points"]![7]!["x"]!, 1e-5);
    }

    [Fact]
    public async Task GeneratedPicturesAreTheLibrarysAndDecodeFromTheirCodes()
    {
        JsonNode generated = await Post("/api/generate", new() { ["count"] = 3, ["seed"] = 9 });
        served.With(ServedRuns.Digits, model =>
        {
            byte[] expected = ImageGrid.ToBytes(model.Generate(3, 9));
            Assert.Equal(expected, Pixels(generated["pictures"]!));
        });
        JsonNode decoded = await Post("/api/decode", new() { ["codes"] = generated["codes"]!.DeepClone() });
        Assert.Equal(Pixels(generated["pictures"]!), Pixels(decoded["pictures"]!));
    }

    [Fact]
    public async Task APngComesToWhoeverAcceptsOneOnly()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/generate") { Content = JsonContent.Create(new { count = 4 }) };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("image/png"));
        using HttpResponseMessage response = await served.Client.SendAsync(request);
        Assert.Equal("image/png", response.Content.Headers.ContentType!.MediaType);
        Image sheet = ImageFile.Decode(await response.Content.ReadAsByteArrayAsync(), "the sheet");
        Assert.Equal((62, 62), (sheet.Width, sheet.Height));
    }

    [Fact]
    public async Task APictureOfAnySizeIsEncoded()
    {
        JsonNode answer = await Post("/api/encode", new() { ["picture"] = Convert.ToBase64String(ServedRuns.Picture(90, 40, 3)) });
        float[] code = Numbers(answer["code"]!);
        served.With(ServedRuns.Digits, model =>
        {
            float[] expected = new float[5];
            model.Encode(new float[784], expected, new float[5]);
            Assert.Equal(expected, code);
        });
        Assert.Equal(784, Pixels(new JsonArray(answer["picture"]!.DeepClone())).Length);
    }

    [Fact]
    public async Task AStripIsATraversal()
    {
        JsonNode answer = await Post("/api/traverse", new() { ["units"] = new JsonArray(3, 1), ["columns"] = 4 });
        Image strip = ImageFile.Decode(Convert.FromBase64String((string)answer["strips"]![1]!), "the strip");
        Assert.Equal((4 * 28, 28), (strip.Width, strip.Height));
        served.With(ServedRuns.Digits, model =>
        {
            float[] images = new float[4 * 784];
            model.Decode(LatentGrid.Traversals(new float[5], [1], 4), images);
            Assert.Equal(ImageGrid.Compose(images, 28, 28, 1, 4, padding: 0).Pixels, strip.Pixels);
        });
    }

    [Fact]
    public async Task PicturesAreEditedCompletedEnlargedAndTranslated()
    {
        JsonNode attributes = await Get($"/api/attributes?run={Uri.EscapeDataString(ServedRuns.Faces)}");
        Assert.Contains("glasses", attributes["attributes"]!.AsArray().Select(name => (string?)name));
        string picture = Convert.ToBase64String(ServedRuns.Picture(64, 64, 3));
        JsonNode edited = await Post("/api/edit", new()
        {
            ["run"] = ServedRuns.Faces,
            ["picture"] = picture,
            ["attributes"] = new JsonObject { ["glasses"] = 1.5 },
            ["as"] = "drawn",
        });
        var mask = new Image(64, 64, 1);
        mask.Pixels.AsSpan(0, 640).Fill(255);
        JsonNode completed = await Post("/api/inpaint", new()
        {
            ["run"] = ServedRuns.Faces,
            ["picture"] = picture,
            ["mask"] = Convert.ToBase64String(ImageFile.Encode(mask)),
            ["samples"] = 2,
            ["steps"] = 4,
        });
        JsonNode enlarged = await Post(
            "/api/upscale", new() { ["run"] = ServedRuns.Faces, ["picture"] = picture, ["factor"] = 4, ["label"] = "drawn" });
        JsonNode translated = await Post(
            "/api/translate", new() { ["run"] = ServedRuns.Faces, ["picture"] = picture, ["from"] = ServedRuns.Script, ["to"] = "drawn" });
        foreach (JsonNode? one in (JsonNode?[])[
            edited["edited"], completed["completed"], completed["samples"]![1], enlarged["enlarged"], translated["translated"]])
        {
            Image image = ImageFile.Decode(Convert.FromBase64String((string)one!), "the answer");
            Assert.Equal((64, 64), (image.Width, image.Height));
        }
        // What is seen stays as it is: black.
        Assert.All(Pixels(new JsonArray(completed["completed"]!.DeepClone())).Skip(3 * 640), pixel => Assert.Equal(0, pixel));
    }

    [Fact]
    public async Task TheWayBetweenPicturesIsAnAnimation()
    {
        string picture = Convert.ToBase64String(ServedRuns.Picture(28, 28, 1));
        using HttpResponseMessage response = await served.Client.PostAsJsonAsync("/api/way", new { picture, to = picture, frames = 3 });
        Assert.Equal("image/gif", response.Content.Headers.ContentType!.MediaType);
        Image first = ImageFile.Decode(await response.Content.ReadAsByteArrayAsync(), "the way");
        Assert.Equal((28, 28), (first.Width, first.Height));
        using HttpResponseMessage refused = await served.Client.PostAsJsonAsync("/api/way", new { picture, to = picture, frames = 1 });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task OpenApiTellsOfEverything()
    {
        JsonNode document = await Get("/openapi/v1.json");
        string[] paths = [.. document["paths"]!.AsObject().Select(path => path.Key).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                "/api/attributes", "/api/decode", "/api/edit", "/api/encode", "/api/generate", "/api/inpaint", "/api/map",
                "/api/metrics", "/api/model", "/api/pictures", "/api/reconstructions", "/api/runs", "/api/samples", "/api/training",
                "/api/translate", "/api/traverse", "/api/upscale", "/api/way",
            ],
            paths);
        JsonObject content = document["paths"]!["/api/generate"]!["post"]!["responses"]!["200"]!["content"]!.AsObject();
        Assert.Equal(["application/json", "image/png"], content.Select(type => type.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task WhatThereIsNotIsSaidNotToBe()
    {
        using HttpResponseMessage lost = await served.Client.GetAsync("/api/nothing"), wrong = await served.Client.GetAsync("/api/decode");
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed), (lost.StatusCode, wrong.StatusCode));
        Assert.Contains("/openapi/v1.json", await lost.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneComputesAndManyWaitButNotAll()
    {
        using var queue = new ModelQueue();
        using var gate = new ManualResetEventSlim();
        int inside = 0, most = 0;
        Task<int>[] waiting =
        [
            .. Enumerable.Range(0, ModelQueue.MostWaiting + 1).Select(_ => queue.Run(
                () =>
                {
                    most = Math.Max(most, Interlocked.Increment(ref inside));
                    gate.Wait();
                    return Interlocked.Decrement(ref inside);
                },
                CancellationToken.None)),
        ];
        await Assert.ThrowsAsync<ModelBusyException>(() => queue.Run(() => 0, CancellationToken.None));
        gate.Set();
        await Task.WhenAll(waiting);
        Assert.Equal(1, most);
    }

    private async Task<JsonNode> Get(string path) => JsonNode.Parse(await served.Client.GetStringAsync(path))!;

    private async Task<JsonNode> Post(string path, JsonObject body)
    {
        using HttpResponseMessage response = await served.Client.PostAsJsonAsync(path, body);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private static float[] Numbers(JsonNode array) => [.. array.AsArray().Select(number => (float)number!)];

    /// <summary>The pixels of PNGs, one after the other.</summary>
    private static byte[] Pixels(JsonNode pictures) =>
        [.. pictures.AsArray().SelectMany(png => ImageFile.Decode(Convert.FromBase64String((string)png!), "a picture").Pixels)];
}
