using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace GpuVae.Tests.Cli;

/// <summary>The command that opens the live page.</summary>
public sealed class ServeTests(TrainedRun run) : IClassFixture<TrainedRun>
{
    [Fact]
    public Task TheRunIsServedAtTheAddressThatIsPrinted() => WithServer(
        async client =>
        {
            Assert.Contains("<title>", await client.GetStringAsync("/"), StringComparison.Ordinal);
            string model = await client.GetStringAsync("/api/model");
            Assert.Contains("\"run\":\"small\"", model, StringComparison.Ordinal);
            Assert.Contains("\"note\":null", model, StringComparison.Ordinal);
        });

    [Fact]
    public Task ATrainingThatThePageStartsMakesARunBesideTheOther() => WithServer(
        async client =>
        {
            var wish = new { name = "second", data = "digits", images = 300, latent = 3, epochs = 1 };
            using (HttpResponseMessage started = await client.PostAsJsonAsync("/api/training", wish))
                Assert.Equal(HttpStatusCode.OK, started.StatusCode);
            string state;
            do
                state = await client.GetStringAsync("/api/training");
            while (state.Contains("\"isRunning\":true", StringComparison.Ordinal));
            Assert.True(state.Contains("\"exitCode\":0", StringComparison.Ordinal), state);
            string metrics = await client.GetStringAsync("/api/metrics?run=second");
            Assert.Contains("\"epoch\":1", metrics, StringComparison.Ordinal);
            Assert.Contains("\"latent\":3", await client.GetStringAsync("/api/model?run=second"), StringComparison.Ordinal);

            // An option is no set of images; the last training is still told of.
            var option = new { name = "third", data = "--out=elsewhere" };
            using HttpResponseMessage refused = await client.PostAsJsonAsync("/api/training", option);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains("\"exitCode\":0", await client.GetStringAsync("/api/training"), StringComparison.Ordinal);
        });

    [Theory]
    [InlineData("--port 99999: choose a whole number from 0 to 65535", "--port", "99999")]
    [InlineData("--host 192.0.2.1 is no address of this machine", "--host", "192.0.2.1")]
    [InlineData("There is no run folder 'nowhere'", "--run", "nowhere")]
    [InlineData("no trained model", "--run", "runs")]
    public void BadInputIsSaidInOneMessage(string fragment, params string[] arguments) =>
        Refuse(fragment, arguments);

    [Fact]
    public void APortInUseIsSaidToBe()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Refuse($"--port {port} of 127.0.0.1 cannot be listened on", ["--port", $"{port}"]);
    }

    private async Task WithServer(Func<HttpClient, Task> use)
    {
        using Process process = CommandResult.Start(
            Gpuvae.StartInfo(run.Root, "serve", "--run", Path.Combine("runs", "small"), "--device", "cpu"));
        try
        {
            string? address = await process.StandardOutput.ReadLineAsync();
            Assert.Matches(@"^http://127\.0\.0\.1:\d+/$", address);
            using var client = new HttpClient { BaseAddress = new Uri(address!) };
            await use(client);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private void Refuse(string fragment, string[] arguments)
    {
        CommandResult result = Gpuvae.Run(run.Root, ["serve", .. arguments, "--device", "cpu"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(fragment, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
