using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;

namespace GpuVae.Studio.Tests.Pages;

[Collection(PagesCollection.Name)]
public sealed class ManyPagesTests(ServedRuns served, Browser browser)
{
    [Fact]
    public async Task APageComesBackWithTheServer()
    {
        StudioServer server = await served.StartAsync(served.Options);
        await using OpenPage open = await browser.Open(server.Address);
        await open.IsExplored();
        await server.DisposeAsync();
        await open.Until("document.getElementById('status').textContent === 'reconnecting …'");
        await open.Page.ClickAsync("#again");
        Assert.Equal("The server does not answer.", await open.Message());
        // What is asked for meanwhile is shown later.
        await open.Changes("#picture", async () =>
        {
            await open.Page.PressAsync(".strip input >> nth=0", "End");
            server = await served.StartAsync(served.Options with { Port = server.Address.Port });
        });
        Assert.Equal("live", await open.Text("#status"));
        await server.DisposeAsync();
    }

    /// <summary>Two in Chromium, and 48 that ask for the same things: fifty tabs are more than two cores soon carry.</summary>
    [Fact]
    public async Task FiftyPagesAreServedAndLeaveNothing()
    {
        await using OpenPage first = await browser.Open(served.Address), second = await browser.Open(served.Address);
        await FortyEight();
        long once = GC.GetTotalMemory(forceFullCollection: true);
        await FortyEight();
        await FortyEight();
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - once, long.MinValue, 2 << 20);

        async Task FortyEight()
        {
            await Task.WhenAll(Enumerable.Range(0, 48).Select(Visit));
            foreach (OpenPage page in (OpenPage[])[first, second])
                await page.Changes("#picture", () => page.Page.ClickAsync("#random"));
        }
    }

    private async Task Visit(int page)
    {
        using var client = new HttpClient { BaseAddress = served.Address };
        foreach (string file in PageFiles.Of(PageFiles.Live).Keys)
            await client.GetByteArrayAsync(file == PageFiles.Start ? "/" : $"/{file}");
        foreach (string path in (string[])["/api/runs", "/api/model", "/api/map", "/api/pictures?first=0&count=1"])
            await client.GetByteArrayAsync(path);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(served.Address) { Scheme = "ws", Path = "/api/live" }.Uri, CancellationToken.None);
        using (HttpResponseMessage drawn = await client.PostAsJsonAsync("/api/generate", new { count = 12 }))
            drawn.EnsureSuccessStatusCode();
        byte[] frame = new byte[LiveSocket.HeaderBytes + 784];
        for (int id = 1; id <= 5; id++)
        {
            byte[] position = JsonSerializer.SerializeToUtf8Bytes(new { id, code = (float[])[page, id, 0, 0, 0] });
            await socket.SendAsync(position, WebSocketMessageType.Text, true, CancellationToken.None);
            await socket.ReceiveAsync(frame, CancellationToken.None);
            Assert.Equal(id, BitConverter.ToInt32(frame));
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }
}
