using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using GpuVae.Imaging;

namespace GpuVae.Studio.Tests;

/// <summary>Sliders and their pictures.</summary>
public sealed class LiveTests(ServedRuns served) : IClassFixture<ServedRuns>
{
    [Fact]
    public async Task OfFiveHundredMovesTheLastOneIsShown()
    {
        const int moves = 500;
        using ClientWebSocket socket = await Connect();
        float[] code = [0, 0, 0, 0, 0];
        var sending = Task.Run(async () =>
        {
            for (int id = 1; id <= moves; id++)
            {
                code[id % 5] = id / 200f - 1;
                await Send(socket, new { id, code });
            }
        });
        int seen = 0, frames = 0;
        byte[] frame = [];
        while (seen < moves)
        {
            frame = await Receive(socket);
            int id = BinaryPrimitives.ReadInt32LittleEndian(frame);
            Assert.True(id > seen, $"frame {id} after {seen}");
            (seen, frames) = (id, frames + 1);
        }
        await sending;
        Assert.InRange(frames, 1, moves);
        served.With(ServedRuns.Digits, model =>
        {
            float[] image = new float[784];
            model.Decode(code, image);
            Assert.Equal(ImageGrid.ToBytes(image), frame[LiveSocket.HeaderBytes..]);
        });
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    [Fact]
    public async Task AHundredPagesAreAllServed() => await Task.WhenAll(Enumerable.Range(0, 100).Select(async page =>
    {
        using ClientWebSocket socket = await Connect();
        for (int id = 1; id <= 4; id++)
        {
            await Send(socket, new { id, code = (float[])[page, id, 0, 0, 0] });
            Assert.Equal(id, BinaryPrimitives.ReadInt32LittleEndian(await Receive(socket)));
        }
    }));

    [Fact]
    public async Task APictureInColourComesAsRgbaWithItsAttributes()
    {
        using ClientWebSocket socket = await Connect();
        await Send(socket, new
        {
            id = 7,
            code = (float[])[1, 0, 0],
            run = ServedRuns.Faces,
            label = "drawn",
            attributes = new Dictionary<string, double> { ["glasses"] = 1 },
        });
        byte[] frame = await Receive(socket);
        int[] header = [.. Enumerable.Range(0, 4).Select(i => BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(4 * i)))];
        Assert.Equal([7, 64, 64, 4], header);
        Assert.Equal(LiveSocket.HeaderBytes + 64 * 64 * 4, frame.Length);
        Assert.All(Enumerable.Range(0, 64 * 64), i => Assert.Equal(255, frame[LiveSocket.HeaderBytes + 4 * i + 3]));
    }

    [Theory]
    [InlineData("""{"id":3,"code":[0,0,0,0]}""", 3, "A code of 4 numbers")]
    [InlineData("""{"id":3,"code":[0,0,0,0,1e999]}""", 3, "finite")]
    [InlineData("""{"id":3,"code":[0,0,0,0,0],"run":"../x"}""", 3, "There is no run")]
    [InlineData("""{"id":3,"code":null}""", null, "")]
    [InlineData("""{"id":3}""", null, "")]
    [InlineData("no JSON", null, "")]
    public async Task ABadPositionIsAnsweredAndTheNextOneShown(string position, int? id, string reason)
    {
        using ClientWebSocket socket = await Connect();
        await socket.SendAsync(Encoding.UTF8.GetBytes(position), WebSocketMessageType.Text, true, CancellationToken.None);
        using var refusal = JsonDocument.Parse(await Receive(socket));
        JsonElement told = refusal.RootElement.GetProperty("id");
        Assert.Equal(id, told.ValueKind == JsonValueKind.Null ? null : told.GetInt32());
        Assert.Contains(reason, refusal.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        await Send(socket, new { id = 4, code = (float[])[0, 0, 0, 0, 0] });
        Assert.Equal(4, BinaryPrimitives.ReadInt32LittleEndian(await Receive(socket)));
    }

    [Fact]
    public async Task AMessageLongerThanAnyPositionEndsTheConnection()
    {
        using ClientWebSocket socket = await Connect();
        await socket.SendAsync(new byte[1 << 17], WebSocketMessageType.Binary, true, CancellationToken.None);
        await Receive(socket);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, socket.CloseStatus);
    }

    private async Task<ClientWebSocket> Connect()
    {
        var socket = new ClientWebSocket();
        var address = new UriBuilder(served.Address) { Scheme = "ws", Path = "/api/live" };
        await socket.ConnectAsync(address.Uri, CancellationToken.None);
        return socket;
    }

    private static Task Send<T>(ClientWebSocket socket, T position) => socket.SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(position), WebSocketMessageType.Text, true, CancellationToken.None);

    private static async Task<byte[]> Receive(ClientWebSocket socket)
    {
        byte[] buffer = new byte[1 << 16];
        int length = 0;
        ValueWebSocketReceiveResult received;
        do
        {
            received = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            length += received.Count;
        }
        while (!received.EndOfMessage);
        return buffer[..length];
    }
}
