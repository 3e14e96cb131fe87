using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace GpuVae.Studio.Tests;

/// <summary>Trainings that are started from the page; their program is a shell here.</summary>
public sealed class TrainingTests(ServedRuns served) : IClassFixture<ServedRuns>
{
    [Fact]
    public async Task ATrainingThatFailsSaysWhy()
    {
        await using StudioServer server = await Start("echo one >&2; echo the reason >&2; exit 2");
        using var client = new HttpClient { BaseAddress = server.Address };
        JsonNode state = await Post(client, "mine");
        Assert.Equal("mine", (string?)state["run"]);
        state = await Ended(client);
        Assert.Equal(2, (int)state["exitCode"]!);
        while ((string?)state["message"] != "the reason")
            state = await State(client);
    }

    [Fact]
    public async Task OneAtATimeGoesOnUntilItIsStopped()
    {
        await using StudioServer server = await Start("exec sleep 300");
        using var client = new HttpClient { BaseAddress = server.Address };
        Assert.True((bool)(await Post(client, "mine"))["isRunning"]!);
        using (HttpResponseMessage second = await client.PostAsJsonAsync("/api/training", new { name = "other" }))
            Assert.Equal(HttpStatusCode.BadRequest, second.StatusCode);
        using HttpResponseMessage stopped = await client.DeleteAsync("/api/training");
        Assert.Equal(HttpStatusCode.OK, stopped.StatusCode);
        // What a shell says of a program that SIGTERM ended.
        Assert.Equal(143, (int)(await Ended(client))["exitCode"]!);
    }

    [Theory]
    [InlineData("../mine")]
    [InlineData("/tmp/mine")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData(ServedRuns.Digits)]
    public async Task ARunIsMadeBesideTheOthersOnly(string name)
    {
        await using StudioServer server = await Start("exit 0");
        using var client = new HttpClient { BaseAddress = server.Address };
        using HttpResponseMessage response = await client.PostAsJsonAsync("/api/training", new { name });
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("", (string?)(await State(client))["run"]);
    }

    [Fact]
    public async Task WhatCannotBeStartedLeavesTheLastTrainingAsItWas()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        await using StudioServer server = await served.StartAsync(served.Options with
        {
            Training = wish => wish.Latent == 1
                ? new ProcessStartInfo("/no/such/program")
                : new ProcessStartInfo("/bin/sh", ["-c", "exit 3"]),
        });
        using var client = new HttpClient { BaseAddress = server.Address };
        await Post(client, "mine");
        await Ended(client);
        using HttpResponseMessage response = await client.PostAsJsonAsync("/api/training", new { name = "other", latent = 1 });
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        JsonNode state = await State(client);
        Assert.Equal(("mine", 3), ((string?)state["run"], (int)state["exitCode"]!));
    }

    [Fact]
    public async Task WhereNothingTrainsNothingIsStarted()
    {
        using HttpResponseMessage response = await served.Client.PostAsJsonAsync("/api/training", new { name = "mine" });
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.False((bool)(await State(served.Client))["canStart"]!);
    }

    [Fact]
    public async Task ARunWithoutMetricsHasNone()
    {
        JsonNode metrics = JsonNode.Parse(await served.Client.GetStringAsync("/api/metrics"))!;
        Assert.Empty(metrics["epochs"]!.AsArray());
        Assert.True((bool)metrics["hasModel"]!);
        using HttpResponseMessage samples = await served.Client.GetAsync("/api/samples");
        Assert.Equal(HttpStatusCode.NotFound, samples.StatusCode);
    }

    private Task<StudioServer> Start(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        return served.StartAsync(served.Options with { Training = _ => new ProcessStartInfo("/bin/sh", ["-c", script]) });
    }

    private static async Task<JsonNode> Post(HttpClient client, string name)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync("/api/training", new { name });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    private static async Task<JsonNode> State(HttpClient client) => JsonNode.Parse(await client.GetStringAsync("/api/training"))!;

    private static async Task<JsonNode> Ended(HttpClient client)
    {
        while (true)
        {
            JsonNode state = await State(client);
            if (!(bool)state["isRunning"]!)
                return state;
            await Task.Delay(10);
        }
    }
}
