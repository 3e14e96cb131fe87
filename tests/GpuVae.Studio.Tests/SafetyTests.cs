using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using GpuVae.Options;

namespace GpuVae.Studio.Tests;

/// <summary>Who may ask for what.</summary>
public sealed class SafetyTests(ServedRuns served) : IClassFixture<ServedRuns>
{
    [Fact]
    public void OnlyTheLoopbackAddressIsListenedOn() => Assert.Equal("127.0.0.1", served.Address.Host);

    [Theory]
    [InlineData("Origin", "http://stranger.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://127.0.0.1:1", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    [InlineData("Sec-Fetch-Site", "none", HttpStatusCode.OK)]
    [InlineData("Host", "stranger.example", HttpStatusCode.Forbidden)]
    [InlineData("Host", "192.0.2.1", HttpStatusCode.Forbidden)]
    [InlineData("Host", "localhost", HttpStatusCode.OK)]
    [InlineData("Host", "[::1]", HttpStatusCode.OK)]
    public async Task AStrangersPageCannotAsk(string header, string value, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage response = await served.Client.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task TheOwnPageMayAsk()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.Add("Origin", served.Address.GetLeftPart(UriPartial.Authority));
        using HttpResponseMessage response = await served.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task AStrangersPageMayLinkToThePageAlone()
    {
        foreach ((string path, HttpStatusCode expected) in ((string, HttpStatusCode)[])
            [("/", HttpStatusCode.OK), ("/api/runs", HttpStatusCode.Forbidden)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("Sec-Fetch-Site", "cross-site");
            request.Headers.Add("Sec-Fetch-Dest", "document");
            using HttpResponseMessage response = await served.Client.SendAsync(request);
            Assert.Equal(expected, response.StatusCode);
        }
    }

    [Fact]
    public async Task AStrangersPageGetsNoSocket()
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "http://stranger.example");
        var address = new UriBuilder(served.Address) { Scheme = "ws", Path = "/api/live" };
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address.Uri, CancellationToken.None));
    }

    [Fact]
    public async Task BeyondThisMachineATokenIsNeeded()
    {
        await using StudioServer open = await served.StartAsync(served.Options with { Host = "0.0.0.0" });
        string token = open.Address.Query["?token=".Length..];
        Assert.Matches("^[0-9a-f]{32}$", token);
        var address = new UriBuilder("http", "127.0.0.1", open.Address.Port);
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = address.Uri };

        foreach (string path in (string[])["/", "/api/runs", "/?token=wrong", "/openapi/v1.json", "/api/live"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(path)).StatusCode);
        using var socket = new ClientWebSocket();
        address.Scheme = "ws";
        address.Path = "/api/live";
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address.Uri, CancellationToken.None));

        using HttpResponseMessage opened = await client.GetAsync($"/?token={token}");
        Assert.Equal((HttpStatusCode.Redirect, "/"), (opened.StatusCode, opened.Headers.Location?.ToString()));
        string cookie = Assert.Single(opened.Headers.GetValues("Set-Cookie"));
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        // The handler has kept the cookie.
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/runs")).StatusCode);

        using var program = new HttpClient { BaseAddress = client.BaseAddress };
        program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Assert.Equal(HttpStatusCode.OK, (await program.GetAsync("/api/runs")).StatusCode);
        program.DefaultRequestHeaders.Host = "stranger.example";
        Assert.Equal(HttpStatusCode.Forbidden, (await program.GetAsync("/api/runs")).StatusCode);
    }

    [Theory]
    [InlineData("Content-Length: 1073741824\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n40000000\r\n")]
    public async Task AnUploadOfAGibibyteIsRefusedEarly(string rest)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, served.Address.Port);
        await using NetworkStream stream = connection.GetStream();
        string head = $"POST /api/encode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{rest}";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        // What is declared is refused at once; of what is not, when it is too much.
        byte[] part = Encoding.ASCII.GetBytes(new string(' ', 1 << 20));
        long sent = 0;
        try
        {
            while (rest.StartsWith("Transfer", StringComparison.Ordinal) && sent < 1 << 30)
            {
                await stream.WriteAsync(part);
                sent += part.Length;
                if (connection.Available > 0)
                    break;
            }
        }
        catch (IOException)
        {
            // It hung up.
        }
        Assert.InRange(sent, 0, 2L * Guard.MostBodyBytes);
        byte[] answer = new byte[4096];
        int length = await stream.ReadAtLeastAsync(answer, 12, throwOnEndOfStream: false);
        Assert.StartsWith("HTTP/1.1 413", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionsThatAreDroppedLeaveNothing()
    {
        const int connections = 10_000;
        var several = new ParallelOptions { MaxDegreeOfParallelism = 16 };
        await Parallel.ForAsync(0, connections, several, async (_, stop) =>
        {
            using var connection = new TcpClient { LingerState = new LingerOption(true, 0) };
            await connection.ConnectAsync(IPAddress.Loopback, served.Address.Port, stop);
        });
        using HttpResponseMessage response = await served.Client.GetAsync("/api/runs");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task APictureOfTooManyPixelsIsRefused()
    {
        // A header is all that is looked at.
        byte[] huge = Encoding.ASCII.GetBytes("P5 100000 100000 255\n");
        string error = await Refused("/api/encode", new JsonObject { ["picture"] = Convert.ToBase64String(huge) });
        Assert.Contains("100000×100000 pixels", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../digits")]
    [InlineData("/etc")]
    [InlineData("digits/../digits")]
    [InlineData("digits/.")]
    [InlineData("a\0b")]
    [InlineData("")]
    [InlineData("none of them")]
    public async Task ARunsNameLeadsNowhereElse(string name)
    {
        using HttpResponseMessage response = await served.Client.GetAsync($"/api/model?run={Uri.EscapeDataString(name)}");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("There is no run", await ErrorOf(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARunWithoutAModelIsSaidToHaveNone()
    {
        using HttpResponseMessage response = await served.Client.GetAsync("/api/model?run=empty");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("no trained model", await ErrorOf(response), StringComparison.Ordinal);
        BadInputException error = await Assert.ThrowsAsync<BadInputException>(
            () => served.StartAsync(served.Options with { Run = "empty" }));
        Assert.Contains("no trained model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APortInUseIsSaidToBe()
    {
        BadInputException error = await Assert.ThrowsAsync<BadInputException>(
            () => served.StartAsync(served.Options with { Port = served.Address.Port }));
        Assert.Contains($"StudioOptions.Port = {served.Address.Port}", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<BadInputException>(() => served.StartAsync(served.Options with { Host = "192.0.2.1" }));
        Assert.Contains("StudioOptions.Host = 192.0.2.1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"codes":[[0,0,0,0,NaN]]}""", "")]
    [InlineData("""{"codes":[[0,0,0,0,"NaN"]]}""", "")]
    [InlineData("""{"codes":[[0,0,0,0,1e999]]}""", "finite")]
    [InlineData("""{"codes":[[0,0,0,0]]}""", "A code of 4 numbers; the model has 5 latent units")]
    [InlineData("""{"codes":[]}""", "choose from 1 to")]
    [InlineData("""{"codes":null}""", "")]
    [InlineData("""{"codes":[null]}""", "")]
    [InlineData("""{}""", "codes")]
    [InlineData("""{"codes":[[0,0,0,0,0]],"label":"7"}""", "not trained with labels")]
    [InlineData("""{"codes":[[0,0,0,0,0]],"colour":"red"}""", "colour")]
    [InlineData("no JSON", "")]
    public async Task ACodeThatIsNoneIsRefused(string body, string reason)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await served.Client.PostAsync("/api/decode", content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, await ErrorOf(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TextOfAStrangerIsNeverMarkup()
    {
        using HttpResponseMessage model = await served.Client.GetAsync($"/api/model?run={Uri.EscapeDataString(ServedRuns.Faces)}");
        string body = await model.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<script>", body, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ServedRuns.Script, (string?)JsonNode.Parse(body)!["labels"]![0]);
        Assert.Equal("application/json", model.Content.Headers.ContentType!.MediaType);
        using HttpResponseMessage lost = await served.Client.GetAsync("/<script>alert(3)</script>");
        Assert.DoesNotContain("<script>", await lost.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        foreach (HttpResponseMessage response in (HttpResponseMessage[])[model, lost])
        {
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        }
    }

    /// <summary>Pages put text into their documents as text, and have nothing from elsewhere.</summary>
    [Fact]
    public async Task PagesMakeNoMarkupOutOfText()
    {
        Assert.NotEmpty(await served.Client.GetStringAsync("/"));
        foreach ((string name, byte[] file) in PageFiles.Of(PageFiles.Live).Concat(PageFiles.Of(PageFiles.Web)))
        {
            string content = Encoding.UTF8.GetString(file);
            foreach (string forbidden in (string[])
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://", " style=\"", "'unsafe-"])
                Assert.False(content.Contains(forbidden, StringComparison.Ordinal), $"{name}: {forbidden}");
        }
    }

    private async Task<string> Refused(string path, JsonObject body)
    {
        using HttpResponseMessage response = await served.Client.PostAsJsonAsync(path, body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        return await ErrorOf(response);
    }

    private static async Task<string> ErrorOf(HttpResponseMessage response)
    {
        string? error = (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"];
        Assert.False(string.IsNullOrEmpty(error));
        return error;
    }
}
